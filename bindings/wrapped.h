// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include <functional>

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

  // Lets go of whatever the object holds outside, and of the script's functions: they may lead back to the
  // wrapper, which would then never be collected. Idempotent; called by teardown too. No callback comes after
  // it.
  virtual void close() {}

  Js& js() const { return js_; }
  v8::Local<v8::Object> wrapper() const { return wrapper_.Get(js_.isolate()); }
  // Ties the object to its wrapper; called once, by Js's factory.
  void attach(v8::Local<v8::Object> wrapper);

 protected:
  void pin();
  void unpin();
  // Enters JavaScript from the loop (Js::enter), with the wrapper held: whatever runs there may close and
  // drop this object, but not have it collected before the body is over.
  void enterHeld(const std::function<void()>& body);

 private:
  void makeWeak();

  Js& js_;
  v8::Global<v8::Object> wrapper_;
};

// An entry from the loop into JavaScript on behalf of one object: the only way in for a Wrapped class. While
// it lasts the object does too, though the script may close it, drop it and have it collected meanwhile.
class FromLoop {
 public:
  explicit FromLoop(const Wrapped& object);

  // One turn of the script, as Js::enter().
  void enter(const std::function<void()>& body) const { js_.enter(body); }

 private:
  Js& js_;
  const v8::HandleScope handles_;
  const v8::Local<v8::Object> wrapper_;
};

}  // namespace deskd
