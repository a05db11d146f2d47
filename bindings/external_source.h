// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include <string_view>

namespace deskd {

// A string whose characters stay where they are, in the program's read-only data: no copy in any script's
// heap. `latin1` must live for ever.
v8::Local<v8::String> externalSource(v8::Isolate* isolate, std::string_view latin1);

}  // namespace deskd
