// SPDX-License-Identifier: Apache-2.0
// native:hub: the script's device and entities. Topics and discovery are the supervisor's; see
// bindings/js/hub.js.
#include "bindings/async.h"
#include "bindings/builtins.h"

namespace deskd {
namespace {

class CommandHook final : public Wrapped {
 public:
  explicit CommandHook(Js& js) : Wrapped(js) {
    js.services().hub.onCommand([this](const std::string& property, const std::string& payload) {
      FromLoop(*this).enter([&] {
        if (hook_) hook_.call(this->js(), property, payload);
      });
    });
  }
  void set(Callback hook) { hook_ = std::move(hook); }
  void close() override {
    js().services().hub.onCommand(nullptr);
    hook_.reset();
  }

 private:
  Callback hook_;
};

std::string jsonOf(Js& js, v8::Local<v8::Object> value) {
  v8::Local<v8::String> text;
  if (!v8::JSON::Stringify(js.context(), value).ToLocal(&text)) throw PendingException{};
  return Convert<std::string>::from(js, text);
}

void device(Js& js, v8::Local<v8::Object> info) {
  js.services().hub.device(jsonOf(js, info));
}
void declare(Js& js, std::string property, std::string component, v8::Local<v8::Object> config, bool hasState,
             bool hasCommand) {
  js.services().hub.declare(std::move(property), std::move(component), jsonOf(js, config), hasState,
                            hasCommand);
}
void removeEntity(Js& js, std::string property) {
  js.services().hub.remove(std::move(property));
}
void state(Js& js, std::string property, std::string value) {
  js.services().hub.state(std::move(property), std::move(value));
}
void attributes(Js& js, v8::Local<v8::Object> values) {
  js.services().hub.attributes(jsonOf(js, values));
}
void event(Js& js, std::string property, v8::Local<v8::Object> payload) {
  js.services().hub.event(std::move(property), jsonOf(js, payload));
}
void error(Js& js, std::string property, v8::Local<v8::Object> payload) {
  js.services().hub.error(std::move(property), jsonOf(js, payload));
}
void available(Js& js, bool isAvailable) {
  js.services().hub.available(isAvailable);
}
void onCommand(Js& js, Callback hook) {
  js.single<CommandHook>().set(std::move(hook));
}

}  // namespace

void addHub(ModuleBuilder& module) {
  module.function<device>("device")
      .function<declare>("declare")
      .function<removeEntity>("remove")
      .function<state>("state")
      .function<attributes>("attributes")
      .function<event>("event")
      .function<error>("error")
      .function<available>("available")
      .function<onCommand>("onCommand");
}

}  // namespace deskd
