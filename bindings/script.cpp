// SPDX-License-Identifier: Apache-2.0
// native:script: what a script knows of itself.
#include "bindings/builtins.h"
#include "bindings/unload.h"

namespace deskd {
namespace {

void setUnload(Js& js, Callback hook) {
  js.single<UnloadHook>().set(std::move(hook));
}

}  // namespace

void addScript(ModuleBuilder& module) {
  Js& js = module.js();
  const ScriptInfo& script = js.services().script;
  v8::Local<v8::Value> settings;
  if (!v8::JSON::Parse(js.context(), js.string(script.settingsJson)).ToLocal(&settings))
    throw PendingException{};
  module.constant("name", script.name)
      .constant("simulated", script.simulated)
      .value("settings", settings)
      .function<setUnload>("setUnload");
}

}  // namespace deskd
