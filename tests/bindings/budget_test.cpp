// SPDX-License-Identifier: Apache-2.0
#include "bindings/cpu_budget.h"
#include "tests/bindings/script_fixture.h"

using namespace deskd;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

class BudgetTest : public ScriptTest {};

}  // namespace

TEST(CpuBudget, AllowsItsShareOfAMinuteInOneGo) {
  CpuBudget budget(50, 1000, 200);
  EXPECT_EQ(budget.exceeded(31000, 30200), std::nullopt);
  EXPECT_EQ(budget.exceeded(31002, 30202),
            "used 30.0 s of CPU time within a minute: expected at most 30.0 s (limits.cpu_percent = 50)");
}

TEST(CpuBudget, AllowsItsShareForEver) {
  CpuBudget budget(10, 0, 0);
  for (std::int64_t second = 0; second < 3600; ++second)
    ASSERT_EQ(budget.exceeded(second * 1000, second * 100), std::nullopt) << second;
}

TEST(CpuBudget, FindsMoreThanItsShareWithinTwoMinutes) {
  CpuBudget budget(10, 0, 0);
  std::int64_t second = 0;
  while (second < 600 && !budget.exceeded(second * 1000, second * 110))
    ++second;
  EXPECT_LE(second, 120);
}

TEST(CpuBudget, ALongRestSavesNothingUp) {
  CpuBudget budget(50, 0, 0);
  EXPECT_EQ(budget.exceeded(600000, 100), std::nullopt);
  EXPECT_NE(budget.exceeded(645000, 45000), std::nullopt);
}

TEST(CpuBudget, ForgetsWhatIsLongerAgoThanAMinute) {
  CpuBudget budget(10, 0, 0);
  EXPECT_EQ(budget.exceeded(10000, 5900), std::nullopt);
  EXPECT_EQ(budget.exceeded(75000, 5901), std::nullopt);
  EXPECT_EQ(budget.exceeded(80000, 11000), std::nullopt);
  EXPECT_NE(budget.exceeded(81000, 14000), std::nullopt);
}

TEST_F(BudgetTest, AScriptThatNeverRestsEndsWithItsStack) {
  services_.limits.cpuPercent = 1;
  run("function busy() {\n"
      "  const until = performance.now() + 40;\n"
      "  while (performance.now() < until);\n"
      "}\n"
      "setInterval(busy, 1);");
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->kind, "cpu");
  EXPECT_THAT(failure_->message, AllOf(StartsWith("used "), HasSubstr("expected at most 0.6 s")));
  EXPECT_THAT(failure_->stack, HasSubstr("at busy ("));
  EXPECT_THAT(failure_->stack, HasSubstr("test.js:"));
}

TEST_F(BudgetTest, OneTimerTooManyIsRefusedAndNamesTheLimit) {
  services_.limits.handles = 5;
  run("const ids = [];\n"
      "try { for (;;) ids.push(setTimeout(() => {}, 1)); }\n"
      "catch (error) { console.log(ids.length, error.code, error.message); }\n"
      "clearTimeout(ids[0]);\n"
      "setTimeout(() => console.log('again'), 1);");
  EXPECT_FALSE(failure_) << failure_->message;
  EXPECT_THAT(logged_,
              ElementsAre(AllOf(StartsWith("5 ERR_LIMIT handles: expected at most 5 open at a time"),
                                HasSubstr("found 6; close some, or raise handles in [limits] of test.toml")),
                          "again"));
}

TEST_F(BudgetTest, SubscriptionsAndJobsCountUntilTheyAreClosed) {
  services_.limits.handles = 3;
  run("import {subscribe} from 'deskd:mqtt';\n"
      "import {schedule} from 'deskd:cron';\n"
      "const timer = setTimeout(() => {}, 1);\n"
      "subscribe('a', () => {});\n"
      "const job = schedule('@daily', () => {});\n"
      "try { schedule('@daily', () => {}); } catch (error) { console.log('job', error.code); }\n"
      "await subscribe('b', () => {}).catch((error) => console.log('subscription', error.code));\n"
      "job.close();\n"
      "schedule('@daily', () => {}).close();\n"
      "console.log('done');");
  std::erase_if(logged_, [](const std::string& line) { return line.starts_with("cron: "); });
  EXPECT_THAT(logged_, ElementsAre("job ERR_LIMIT", "subscription ERR_LIMIT", "done"));
}

TEST_F(BudgetTest, WhatStopsAScriptMayNeedMoreTimersThanItHas) {
  services_.limits.handles = 2;
  write(
      "test.js",
      "import {onUnload} from 'deskd:script';\n"
      "onUnload(async () => { await new Promise((done) => setTimeout(done, 1)); console.log('stopped'); });\n"
      "setInterval(() => {}, 1000);\n"
      "setInterval(() => {}, 1000);\n");
  open();
  isolate_->run();
  EXPECT_TRUE(unload());
  EXPECT_THAT(logged_, ElementsAre("stopped"));
}
