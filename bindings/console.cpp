// SPDX-License-Identifier: Apache-2.0
// native:console: lines of the script's log. What is printed, and how, is bindings/js/console.js.
#include "bindings/builtins.h"
#include "bindings/errors.h"

namespace deskd {
namespace {

void write(Js& js, int priority, std::string text) {
  if (priority < static_cast<int>(Priority::error) || priority > static_cast<int>(Priority::debug))
    throw std::out_of_range("argument 1: expected a priority from 3 to 7, found " + std::to_string(priority));
  LogRecord record{static_cast<Priority>(priority), std::move(text), {}};
  // The caller in the script's own files, for the journal's CODE_FILE and CODE_LINE.
  ScriptError place;
  place.stack = currentStack(js.isolate(), 8);
  placeFromStack(place);
  if (!place.file.empty()) {
    record.fields.emplace_back("CODE_FILE", place.file);
    record.fields.emplace_back("CODE_LINE", std::to_string(place.line));
  }
  js.services().log(std::move(record));
}

}  // namespace

void addConsole(ModuleBuilder& module) {
  module.function<write>("write");
}

}  // namespace deskd
