// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings/async.h"
#include "bindings/wrapped.h"

namespace deskd {

// The one function that deskd:test has asked to be called when the file's top level has ended: it runs the
// cases.
class TestRunner final : public Wrapped {
 public:
  explicit TestRunner(Js& js) : Wrapped(js) {}
  void set(Callback run) { run_ = std::move(run); }
  Callback& run() { return run_; }
  void close() override { run_.reset(); }

 private:
  Callback run_;
};

}  // namespace deskd
