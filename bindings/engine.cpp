// SPDX-License-Identifier: Apache-2.0
#include "bindings/engine.h"

#include <v8.h>

#include "bindings/platform.h"

namespace deskd {

Engine::Engine() : platform_(std::make_unique<LoopPlatform>()) {
  v8::V8::SetFlagsFromString("--single-threaded");
#if V8_MAJOR_VERSION < 11
  v8::V8::SetFlagsFromString("--harmony-import-assertions");
#endif
  v8::V8::SetFlagsFromString("--harmony-import-attributes");
  v8::V8::InitializePlatform(platform_.get());
  v8::V8::Initialize();
}

Engine::~Engine() {
  v8::V8::Dispose();
  v8::V8::DisposePlatform();
}

std::string Engine::version() {
  return v8::V8::GetVersion();
}

}  // namespace deskd
