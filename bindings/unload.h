// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings/async.h"
#include "bindings/wrapped.h"

namespace deskd {

// The one function that deskd:script has asked to be called before the script goes.
class UnloadHook final : public Wrapped {
 public:
  explicit UnloadHook(Js& js) : Wrapped(js) {}
  void set(Callback hook) { hook_ = std::move(hook); }
  Callback& hook() { return hook_; }
  void close() override { hook_.reset(); }

 private:
  Callback hook_;
};

}  // namespace deskd
