// SPDX-License-Identifier: Apache-2.0
// Order, failures, limits and the end of a script's isolate.
#include "tests/bindings/script_fixture.h"

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Runtime : public ScriptTest {};

TEST_F(Runtime, RunsMicrotasksBetweenTimers) {
  run("setTimeout(() => { console.log('t1'); Promise.resolve().then(() => console.log('m1')); }, 1);"
      "setTimeout(() => console.log('t2'), 1);"
      "queueMicrotask(() => console.log('m0')); console.log('top');");
  EXPECT_THAT(logged_, ElementsAre("top", "m0", "t1", "m1", "t2"));
}

TEST_F(Runtime, TimersTakeArgumentsRepeatAndStop) {
  run("let n = 0; const id = setInterval((a, b) => { console.log(a + b); if (++n === 2) clearInterval(id); "
      "}, 1, 1, 2);"
      "const never = setTimeout(() => console.log('never'), 1); clearTimeout(never); "
      "clearTimeout(undefined);");
  EXPECT_THAT(logged_, ElementsAre("3", "3"));
}

TEST_F(Runtime, AsyncWebAssemblyAndWaitAsyncRunWithoutPolling) {
  run("const m = await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));"
      "console.log(m instanceof WebAssembly.Module);"
      "const cell = new Int32Array(new SharedArrayBuffer(4));"
      "console.log(await Atomics.waitAsync(cell, 0, 0, 10).value);");
  EXPECT_THAT(logged_, ElementsAre("true", "timed-out"));
}

TEST_F(Runtime, UncaughtExceptionIsAFailureWithItsStack) {
  run("function f() {\n  throw new TypeError('bad');\n}\nsetTimeout(f, 1);");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->message, "TypeError: bad");
  EXPECT_THAT(failure_->stack, HasSubstr("test.js:2:9"));
  EXPECT_EQ(failure_->line, 2);
}

TEST_F(Runtime, StacksShowTheScriptsOwnFrames) {
  run("import {open} from 'deskd:serial';\nawait open({path: '/dev/no-such-device'});");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->line, 2);
  EXPECT_THAT(failure_->stack, testing::Not(HasSubstr("deskd:serial")));
  EXPECT_THAT(failure_->stack, testing::Not(HasSubstr("internal:")));
}

TEST_F(Runtime, ExceptionInAMicrotaskIsAFailure) {
  run("queueMicrotask(() => { throw new Error('micro'); });");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->message, "Error: micro");
}

TEST_F(Runtime, UnhandledRejectionIsAFailureButALateHandlerInTheSameTurnIsNot) {
  run("Promise.reject(new Error('nobody'));");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->kind, "rejection");
  run("const p = Promise.reject(new Error('somebody')); await null; p.catch(() => console.log('handled'));");
  EXPECT_FALSE(failure_);
  EXPECT_THAT(logged_, ElementsAre("handled"));
}

TEST_F(Runtime, ThrownValuesThatAreNoErrorsAreNamed) {
  run("throw 'just text';");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->message, "Uncaught just text");
  run("throw {get message() { throw 1; }, toString() { throw 2; }};");
  EXPECT_TRUE(failure_);
}

TEST_F(Runtime, NothingRunsAfterAFailure) {
  run("setTimeout(() => { throw new Error('first'); }, 1); setTimeout(() => console.log('late'), 2);");
  EXPECT_EQ(failure_->message, "Error: first");
  Timer stop(*loop_, [this] { loop_->stop(); });
  stop.start(Milliseconds(10));
  loop_->run();
  EXPECT_TRUE(logged_.empty());
}

TEST_F(Runtime, ATurnOverBudgetIsTerminatedWithItsStack) {
  services_.limits.turnMs = 50;
  run("function spin() {\n  for (;;) {}\n}\nsetTimeout(spin, 1);");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->kind, "turn");
  EXPECT_EQ(failure_->message, "turn took longer than 50 ms");
  EXPECT_THAT(failure_->stack, StartsWith("at spin ("));
}

TEST_F(Runtime, ABudgetBelongsToATurnAndNotToTheScript) {
  services_.limits.turnMs = 400;
  run("let n = 0; const id = setInterval(() => { const end = performance.now() + 50;"
      "while (performance.now() < end); if (++n === 10) { clearInterval(id); console.log('done'); } }, 1);");
  EXPECT_FALSE(failure_);
  EXPECT_THAT(logged_, ElementsAre("done"));
}

TEST_F(Runtime, TerminationIsCaughtByNoCatchBlock) {
  services_.limits.turnMs = 50;
  run("for (;;) { try { for (;;) {} } catch { console.log('caught'); } finally { continue; } }");
  ASSERT_TRUE(failure_);
  EXPECT_TRUE(logged_.empty());
}

TEST_F(Runtime, AHeapThatGrowsPastItsLimitEndsTheScriptOnly) {
  services_.limits.heapMib = 16;
  services_.limits.turnMs = 20000;
  run("function grow() { const kept = []; for (;;) kept.push({a: [1, 2, 3]}); }\ngrow();");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->kind, "heap");
  EXPECT_THAT(failure_->stack, HasSubstr("grow"));
  run("console.log('the next one');");
  EXPECT_THAT(logged_, ElementsAre("the next one"));
}

TEST_F(Runtime, EndlessRecursionIsARangeError) {
  run("function deep() { return deep() + 1; }\ntry { deep(); } catch (e) { console.log(e instanceof "
      "RangeError); }");
  EXPECT_THAT(logged_, ElementsAre("true"));
}

TEST_F(Runtime, TeardownClosesWhatTheScriptLeftOpen) {
  run("setInterval(() => {}, 1000); setTimeout(() => { throw new Error('end'); }, 1);");
  ASSERT_TRUE(failure_);
  close();  // expects that nothing is left on the loop
}

TEST_F(Runtime, PromisesThatAreSettledAfterTheEndAreIgnored) {
  run("import {publish} from 'deskd:mqtt'; publish('a', 'b'); ");
  ASSERT_EQ(bus_.pending.size(), 1u);
  const Done done = bus_.pending.front();
  close();
  done({});
  done({"ERR_OFFLINE", "late"});
}

TEST_F(Runtime, ManyIsolatesOneAfterAnotherAreFine) {
  for (int i = 0; i < 20; ++i) {
    run("import {settings} from 'deskd:script'; structuredClone(settings); new TextEncoder().encode('x'); "
        "console.log('x');");
    EXPECT_FALSE(failure_);
    EXPECT_THAT(logged_, ElementsAre("x"));
  }
}

}  // namespace
}  // namespace deskd
