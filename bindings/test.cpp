// SPDX-License-Identifier: Apache-2.0
// native:test: how deskd:test tells the host what to run.
#include "bindings/builtins.h"
#include "bindings/test_runner.h"

namespace deskd {
namespace {

void setRunner(Js& js, Callback run) {
  js.single<TestRunner>().set(std::move(run));
}

}  // namespace

void addTest(ModuleBuilder& module) {
  module.constant("available", module.js().services().script.testing).function<setRunner>("setRunner");
}

}  // namespace deskd
