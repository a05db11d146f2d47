// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/bindings/script_fixture.h"
#include "tests/fakes/fake_gpio.h"
#include "tests/fakes/run_until.h"

namespace deskd {

// Scripts on a fake board, which the test looks at while they run.
class FakeBoardTest : public ScriptTest {
 protected:
  FakeBoardTest() {
    auto board = std::make_unique<test::FakeBoard>();
    gpio_ = &board->chips;
    board_ = std::move(board);
  }
  // Isolate and lines go while the board is there.
  ~FakeBoardTest() override { close(); }

  // Starts the script at services_.script.path and leaves it running.
  void startScript() {
    open();
    ASSERT_FALSE(loadError_) << loadError_->message;
    isolate_->run();
  }
  // The same with one that knows `gpio`.
  void startWithGpio(const std::string& body) {
    write("test.js", "import * as gpio from 'deskd:gpio';\n" + body);
    startScript();
  }
  bool logs(std::size_t count) {
    return runUntil(*loop_, [&] { return logged_.size() >= count || failure_; }) && !failure_;
  }

  test::FakeGpio* gpio_;
};

}  // namespace deskd
