// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include "bindings/js.h"

namespace deskd {

// Base of every C++ object that scripts hold. The JavaScript wrapper owns it: when the wrapper is collected
// the object is deleted, unless it is pinned because the loop may still call it.
class Wrapped {
 public:
  explicit Wrapped(Js& js);
  virtual ~Wrapped();
  Wrapped(const Wrapped&) = delete;
  Wrapped& operator=(const Wrapped&) = delete;

  // Lets go of whatever the object holds outside. Idempotent; called by teardown too. No callback comes after
  // it.
  virtual void close() {}

  Js& js() const { return js_; }
  v8::Local<v8::Object> wrapper() const { return wrapper_.Get(js_.isolate()); }
  // Ties the object to its wrapper; called once, by Js's factory.
  void attach(v8::Local<v8::Object> wrapper);

 protected:
  void pin();
  void unpin();

 private:
  void makeWeak();

  Js& js_;
  v8::Global<v8::Object> wrapper_;
};

}  // namespace deskd
