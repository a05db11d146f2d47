// SPDX-License-Identifier: Apache-2.0
#include "bindings/errors.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "hal/base/error.h"

namespace deskd {
namespace {

std::string utf8(Js& js, v8::Local<v8::Value> value) {
  const v8::String::Utf8Value text(js.isolate(), value);
  return *text != nullptr ? std::string(*text, static_cast<std::size_t>(text.length()))
                          : "(unprintable value)";
}

v8::Local<v8::Value> withCode(Js& js, v8::Local<v8::Value> error, const std::string& code) {
  error.As<v8::Object>()->Set(js.context(), js.name("code"), js.string(code)).Check();
  return error;
}

// Without the frames of built-in code, which has no file that the script's author could look into; unless
// there are no others.
std::string ownFrames(const std::string& stack) {
  std::string own;
  for (std::size_t start = 0; start < stack.size();) {
    const std::size_t end = std::min(stack.find('\n', start), stack.size());
    const std::string line = stack.substr(start, end - start);
    const bool builtin =
        line.find("deskd:") != std::string::npos || line.find("internal:") != std::string::npos;
    if (!builtin || line.find('/') != std::string::npos) own += (own.empty() ? "" : "\n") + line;
    start = end + 1;
  }
  return own.empty() ? stack : own;
}

// Frames of V8's stack text are indented; its first lines repeat the message.
std::string framesOf(const std::string& stack) {
  std::string frames;
  std::size_t start = 0;
  while (start < stack.size()) {
    std::size_t end = stack.find('\n', start);
    if (end == std::string::npos) end = stack.size();
    std::string line = stack.substr(start, end - start);
    line.erase(0, line.find_first_not_of(' '));
    if (line.rfind("at ", 0) == 0) frames += (frames.empty() ? "" : "\n") + line;
    start = end + 1;
  }
  return frames;
}

std::string messageOf(Js& js, v8::Local<v8::Value> thrown) {
  if (!thrown->IsNativeError()) return "Uncaught " + utf8(js, thrown);
  // The error's own name and message may be getters that throw: then V8's neutral wording has to do.
  const v8::TryCatch quiet(js.isolate());
  const auto object = thrown.As<v8::Object>();
  v8::Local<v8::Value> name;
  v8::Local<v8::Value> text;
  if (!object->Get(js.context(), js.name("name")).ToLocal(&name) ||
      !object->Get(js.context(), js.name("message")).ToLocal(&text))
    return "Error (its message cannot be read)";
  const std::string said = utf8(js, text);
  return said.empty() ? utf8(js, name) : utf8(js, name) + ": " + said;
}

}  // namespace

v8::Local<v8::Value> toJsError(Js& js, const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::system_error& error) {
    return withCode(js, v8::Exception::Error(js.string(error.what())), errnoName(error.code().value()));
  } catch (const CodedError& error) {
    return withCode(js, v8::Exception::Error(js.string(error.what())), error.code());
  } catch (const std::invalid_argument& error) {
    return withCode(js, v8::Exception::TypeError(js.string(error.what())), "ERR_INVALID_ARGUMENT");
  } catch (const std::out_of_range& error) {
    return withCode(js, v8::Exception::RangeError(js.string(error.what())), "ERR_OUT_OF_RANGE");
  } catch (const std::exception& error) {
    return v8::Exception::Error(js.string(error.what()));
  } catch (...) {
    return v8::Exception::Error(js.string("unknown failure"));
  }
}

v8::Local<v8::Value> toJsError(Js& js, const Outcome& outcome) {
  return withCode(js, v8::Exception::Error(js.string(outcome.message)), outcome.code);
}

void throwToJs(Js& js) noexcept {
  try {
    throw;
  } catch (const PendingException&) {
    return;
  } catch (...) {
    js.isolate()->ThrowException(toJsError(js, std::current_exception()));
  }
}

ScriptError describe(Js& js, std::string kind, v8::Local<v8::Value> thrown, v8::Local<v8::Message> message) {
  const v8::HandleScope scope(js.isolate());
  ScriptError error;
  error.kind = std::move(kind);
  error.message = messageOf(js, thrown);
  if (thrown->IsNativeError()) {
    const v8::TryCatch quiet(js.isolate());
    v8::Local<v8::Value> stack;
    if (thrown.As<v8::Object>()->Get(js.context(), js.name("stack")).ToLocal(&stack) && stack->IsString())
      error.stack = ownFrames(framesOf(utf8(js, stack)));
  }
  placeFromStack(error);
  // A SyntaxError's stack has no place in the file that holds the mistake: only the message knows it.
  const bool syntax = error.message.rfind("SyntaxError", 0) == 0;
  if ((error.file.empty() || syntax) && !message.IsEmpty()) {
    const auto resource = message->GetScriptOrigin().ResourceName();
    if (!resource.IsEmpty() && resource->IsString() &&
        message->GetLineNumber(js.context()).FromMaybe(0) > 0) {
      error.file = utf8(js, resource);
      error.line = message->GetLineNumber(js.context()).FromMaybe(0);
      error.column = message->GetStartColumn() + 1;
      if (syntax) error.kind = "syntax";
    }
  }
  return error;
}

std::string currentStack(v8::Isolate* isolate, int frames) {
  const v8::HandleScope scope(isolate);
  const auto trace = v8::StackTrace::CurrentStackTrace(isolate, frames, v8::StackTrace::kDetailed);
  std::string text;
  for (int i = 0; i < trace->GetFrameCount(); ++i) {
    const auto frame = trace->GetFrame(isolate, static_cast<std::uint32_t>(i));
    const v8::String::Utf8Value function(isolate, frame->GetFunctionName());
    const v8::String::Utf8Value file(isolate, frame->GetScriptNameOrSourceURL());
    const std::string place = std::string(*file != nullptr ? *file : "?") + ":" +
                              std::to_string(frame->GetLineNumber()) + ":" +
                              std::to_string(frame->GetColumn());
    if (!text.empty()) text += "\n";
    text += function.length() > 0 ? "at " + std::string(*function) + " (" + place + ")" : "at " + place;
  }
  return ownFrames(text);
}

void placeFromStack(ScriptError& error) {
  std::size_t start = 0;
  while (start < error.stack.size()) {
    std::size_t end = error.stack.find('\n', start);
    if (end == std::string::npos) end = error.stack.size();
    std::string line = error.stack.substr(start, end - start);
    start = end + 1;
    if (line.back() == ')') line.pop_back();
    const auto column = line.rfind(':');
    const auto row =
        column == std::string::npos || column == 0 ? std::string::npos : line.rfind(':', column - 1);
    if (row == std::string::npos) continue;
    auto file = line.find_last_of("( ", row);
    file = file == std::string::npos ? 0 : file + 1;
    const std::string path = line.substr(file, row - file);
    if (path.empty() || path.front() != '/') continue;  // built-in code has no file
    error.file = path;
    error.line = std::atoi(line.c_str() + row + 1);
    error.column = std::atoi(line.c_str() + column + 1);
    return;
  }
}

}  // namespace deskd
