// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include <string>
#include <utility>
#include <vector>

#include "bindings/call.h"

namespace deskd {

// Declares a C++ class to scripts, one line a member. There is no constructor: scripts get objects from
// functions.
template <class T>
class ClassBuilder {
 public:
  ClassBuilder(Js& js, const char* name) : js_(js), template_(v8::FunctionTemplate::New(js.isolate())) {
    template_->SetClassName(js.name(name));
    template_->InstanceTemplate()->SetInternalFieldCount(1);
    js.setClassTemplate(key(), template_);
  }

  template <auto M>
  ClassBuilder& method(const char* name) {
    template_->PrototypeTemplate()->Set(js_.name(name), function<M>());
    return *this;
  }
  template <auto M>
  ClassBuilder& getter(const char* name) {
    template_->PrototypeTemplate()->SetAccessorProperty(js_.name(name), function<M>());
    return *this;
  }

  static const void* key() {
    static const char address = 0;
    return &address;
  }

 private:
  // The signature makes V8 check that `this` is a T before our code sees it.
  template <auto M>
  v8::Local<v8::FunctionTemplate> function() {
    const auto made = v8::FunctionTemplate::New(js_.isolate(), Method<M>::call, v8::Local<v8::Value>(),
                                                v8::Signature::New(js_.isolate(), template_));
    made->RemovePrototype();
    return made;
  }

  Js& js_;
  v8::Local<v8::FunctionTemplate> template_;
};

// A T for scripts: its wrapper owns it.
template <class T, class... A>
T* make(Js& js, A&&... arguments) {
  auto object = std::make_unique<T>(js, std::forward<A>(arguments)...);
  v8::Local<v8::Object> wrapper;
  if (!js.classTemplate(ClassBuilder<T>::key())
           ->InstanceTemplate()
           ->NewInstance(js.context())
           .ToLocal(&wrapper))
    throw PendingException{};
  object->attach(wrapper);
  return object.release();
}

// Declares the exports of one native module, one line each.
class ModuleBuilder {
 public:
  explicit ModuleBuilder(Js& js) : js_(js) {}

  template <auto F>
  ModuleBuilder& function(const char* name) {
    return value(name, v8::Function::New(js_.context(), Method<F>::call, v8::Local<v8::Value>(),
                                         Method<F>::length, v8::ConstructorBehavior::kThrow)
                           .ToLocalChecked());
  }
  template <class T>
  ModuleBuilder& constant(const char* name, const T& constant) {
    return value(name, Convert<T>::to(js_, constant));
  }
  ModuleBuilder& value(const char* name, v8::Local<v8::Value> exported) {
    exports_.emplace_back(name, exported);
    return *this;
  }
  template <class T>
  ClassBuilder<T> type(const char* name) {
    return ClassBuilder<T>(js_, name);
  }

  Js& js() { return js_; }
  const std::vector<std::pair<const char*, v8::Local<v8::Value>>>& exports() const { return exports_; }

 private:
  Js& js_;
  std::vector<std::pair<const char*, v8::Local<v8::Value>>> exports_;
};

}  // namespace deskd
