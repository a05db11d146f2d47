// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include <exception>
#include <string>

#include "bindings/host_services.h"
#include "bindings/js.h"
#include "bindings/script_error.h"

namespace deskd {

// A JavaScript error for the C++ exception: system_error -> Error with .code "EBUSY", CodedError -> Error
// with its code, invalid_argument -> TypeError, out_of_range -> RangeError, anything else -> Error.
v8::Local<v8::Value> toJsError(Js& js, const std::exception_ptr& thrown);
v8::Local<v8::Value> toJsError(Js& js, const Outcome& outcome);

// Called inside a catch block: hands the current C++ exception to JavaScript.
void throwToJs(Js& js) noexcept;

// What a caught or rejected value says, with its stack and place. `message` may be empty (rejections have
// none).
ScriptError describe(Js& js, std::string kind, v8::Local<v8::Value> thrown, v8::Local<v8::Message> message);

// The JavaScript stack right here, as "at f (file:line:column)" lines.
std::string currentStack(v8::Isolate* isolate, int frames = 12);

// Fills file, line and column from the first line of `stack` that names a file.
void placeFromStack(ScriptError& error);

}  // namespace deskd
