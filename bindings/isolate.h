// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/host_services.h"
#include "bindings/script_error.h"
#include "hal/base/loop.h"

namespace deskd {

class Engine;

// One script: its isolate, from loading to the last handle. Lives on one loop, which must outlive it; when it
// is destroyed every handle that the script had on the loop is closed.
class ScriptIsolate {
 public:
  struct Events {
    std::function<void()> running;             // the script's top level has finished
    std::function<void(ScriptError)> failure;  // nobody handled it: the script is over
  };

  ScriptIsolate(Engine& engine, Loop& loop, HostServices& services, Events events);
  ~ScriptIsolate();
  ScriptIsolate(const ScriptIsolate&) = delete;
  ScriptIsolate& operator=(const ScriptIsolate&) = delete;

  // Compiles and links the script and all its imports without running a line. The error says what is wrong
  // and where.
  std::optional<ScriptError> load();
  // Files that load() has met in imports, also if it failed.
  std::vector<std::pair<std::string, std::string>> importedFiles() const;
  // Evaluates what load() has linked; running or failure follow.
  void run();
  // Runs the script's unload handlers, also after a failure, and calls `done` when they have settled; not at
  // all if a handler hangs, so the caller sets a limit. Without handlers `done` is called at once. What fails
  // meanwhile is reported as `failure` too, a bounded number of times, and keeps no handler from running.
  void unload(std::function<void()> done);

  // Runs the cases that the script has given to deskd:test, and calls `done` with how many failed; with
  // nothing if there is no deskd:test in it.
  void runTests(std::function<void(std::optional<int>)> done);

  // Bytes of the JavaScript heap in use.
  std::size_t heapBytes() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace deskd
