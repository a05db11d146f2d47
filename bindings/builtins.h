// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "bindings/class_builder.h"

namespace deskd {

// What only built-in JavaScript may import: "native:serial" and the like.
struct NativeModule {
  std::string_view name;
  void (*add)(ModuleBuilder& module);
};
std::span<const NativeModule> nativeModules();

// Built-in JavaScript from bindings/js, embedded at build time. Latin-1, so that V8 uses it in place.
struct BuiltinSource {
  std::string_view name;  // "deskd:serial", or "internal:inspect" for what only built-ins may import
  std::string_view text;
};
std::span<const BuiltinSource> builtinSources();

// Globals that are made when first used: by name, and the built-in module that exports them.
struct LazyGlobal {
  std::string_view name;
  std::string_view module;
};
std::span<const LazyGlobal> lazyGlobals();

void addConsole(ModuleBuilder& module);
void addCron(ModuleBuilder& module);
void addGpio(ModuleBuilder& module);
void addGuard(ModuleBuilder& module);
void addHub(ModuleBuilder& module);
void addI2c(ModuleBuilder& module);
void addMqtt(ModuleBuilder& module);
void addScript(ModuleBuilder& module);
void addSerial(ModuleBuilder& module);
void addSim(ModuleBuilder& module);
void addStorage(ModuleBuilder& module);
void addTest(ModuleBuilder& module);
void addWeb(ModuleBuilder& module);

// setTimeout and its kin, queueMicrotask: put on the global object at once, since nearly every script uses
// them.
void addTimers(Js& js, v8::Local<v8::Object> global);

}  // namespace deskd
