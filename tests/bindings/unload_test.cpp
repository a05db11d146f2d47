// SPDX-License-Identifier: Apache-2.0
// Unload handlers stop what moves: whatever else goes wrong, they get to their end.
#include "tests/bindings/script_fixture.h"

namespace deskd {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class Unload : public ScriptTest {
 protected:
  // A handler that has something left to do after waiting.
  static std::string handler(const std::string& first = "") {
    return "import {onUnload} from 'deskd:script';"
           "const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));"
           "onUnload(async () => { " +
           first + "; await later(5); console.log('stopped'); });";
  }
};

TEST_F(Unload, HandlersAreAwaited) {
  run(handler());
  EXPECT_TRUE(unload());
  EXPECT_THAT(logged_, ElementsAre("stopped"));
  EXPECT_THAT(unloadFailures_, IsEmpty());
}

TEST_F(Unload, HandlersRunAfterAFailureToo) {
  run(handler() + "setTimeout(() => { throw new Error('x'); }, 1);");
  ASSERT_TRUE(failure_);
  EXPECT_TRUE(unload());
  EXPECT_THAT(logged_, ElementsAre("stopped"));
}

TEST_F(Unload, GoesOnWhenAHandlerRejectsAPromiseThatNobodyCatches) {
  run("let abort; new Promise((_, reject) => { abort = reject; });" +
      handler("abort(new Error('the move is over'))"));
  EXPECT_TRUE(unload());
  EXPECT_THAT(logged_, ElementsAre("stopped"));
  EXPECT_THAT(unloadFailures_, ElementsAre("Error: the move is over"));
}

TEST_F(Unload, GoesOnWhenSomethingElseFailsMeanwhile) {
  run(handler(
          "setTimeout(() => { Promise.reject(new Error('second')); Promise.reject(new Error('third')); });"
          "setTimeout(() => { throw new Error('fourth'); });"
          "setTimeout(() => queueMicrotask(() => { throw new Error('fifth'); }));") +
      "setTimeout(() => { throw new Error('first'); }, 1);");
  ASSERT_TRUE(failure_);
  EXPECT_TRUE(unload());
  EXPECT_THAT(logged_, ElementsAre("stopped"));
  EXPECT_THAT(unloadFailures_, ElementsAre("Error: second", "Error: third", "Error: fourth", "Error: fifth"));
}

TEST_F(Unload, ForgetsWhatTheFailureLeftUnhandled) {
  run(handler() + "setTimeout(() => { Promise.reject(new Error('same turn')); throw new Error('x'); }, 1);");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->message, "Error: x");
  EXPECT_TRUE(unload());
  EXPECT_THAT(logged_, ElementsAre("stopped"));
  EXPECT_THAT(unloadFailures_, IsEmpty());
}

TEST_F(Unload, ReportsABoundedNumberOfFailures) {
  run(handler("for (let i = 0; i < 50; ++i) setTimeout(() => { throw i; })"));
  EXPECT_TRUE(unload());
  EXPECT_THAT(logged_, ElementsAre("stopped"));
  EXPECT_EQ(unloadFailures_.size(), 10u);
}

TEST_F(Unload, EndsAHandlerThatLoopsAndRunsTheOthers) {
  services_.limits.turnMs = 50;
  run(handler() +
      "onUnload(() => { for (;;) {} }, {timeout: 20});"
      "onUnload(async () => { for (;;) await 1; }, {timeout: 20});");
  EXPECT_TRUE(unload());
  EXPECT_THAT(logged_, Contains("stopped"));
  EXPECT_THAT(unloadFailures_, ElementsAre("turn took longer than 50 ms", "turn took longer than 50 ms"));
}

}  // namespace
}  // namespace deskd
