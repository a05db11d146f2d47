// SPDX-License-Identifier: Apache-2.0
#include "bindings/wrapped.h"

namespace deskd {

Wrapped::Wrapped(Js& js) : js_(js) {
  js_.live().insert(this);
}

Wrapped::~Wrapped() {
  js_.live().erase(this);
}

void Wrapped::attach(v8::Local<v8::Object> wrapper) {
  wrapper->SetAlignedPointerInInternalField(0, this);
  wrapper_.Reset(js_.isolate(), wrapper);
  makeWeak();
}

void Wrapped::pin() {
  if (!wrapper_.IsEmpty()) wrapper_.ClearWeak();
}

void Wrapped::unpin() {
  if (!wrapper_.IsEmpty()) makeWeak();
}

void Wrapped::enterHeld(const std::function<void()>& body) {
  js_.enter([&] {
    [[maybe_unused]] const auto held = wrapper();  // a handle of the scope that enter() has made
    body();
  });
}

void Wrapped::makeWeak() {
  wrapper_.SetWeak(
      this,
      [](const v8::WeakCallbackInfo<Wrapped>& info) {
        // The first pass may only reset the handle; the second may run code.
        info.GetParameter()->wrapper_.Reset();
        info.SetSecondPassCallback(
            [](const v8::WeakCallbackInfo<Wrapped>& second) { delete second.GetParameter(); });
      },
      v8::WeakCallbackType::kParameter);
}

// The one object of its class has no wrapper: it lives as long as the isolate.
FromLoop::FromLoop(const Wrapped& object)
    : js_(object.js()), handles_(object.js().isolate()), wrapper_(object.wrapper()) {}

}  // namespace deskd
