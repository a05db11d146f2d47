// SPDX-License-Identifier: Apache-2.0
#include "bindings/turn_watch.h"

#include <gtest/gtest.h>

#include <future>

namespace deskd {
namespace {

TEST(TurnWatch, TakesItsStepsInOrderWhileATurnRunsAndAsksMoreThanOnce) {
  std::promise<void> killed;
  std::string order;
  int asked = 0;
  TurnWatch watch(5, {[&] {
                        if (++asked <= 2) order += "interrupt ";
                      },
                      [&] { order += "insist "; },
                      [&] {
                        order += "kill";
                        killed.set_value();
                      }});
  watch.begin();
  killed.get_future().wait();
  EXPECT_TRUE(watch.overdue());
  watch.end();
  EXPECT_EQ(order, "interrupt interrupt insist kill");
}

TEST(TurnWatch, LeavesATurnAloneThatEndsInTime) {
  std::promise<void> second;
  int interrupts = 0;
  TurnWatch watch(20, {[&] {
                         if (++interrupts == 1) second.set_value();
                       },
                       [] {}, [] {}});
  watch.setBudget(100000);
  watch.begin();
  watch.end();
  EXPECT_EQ(interrupts, 0);
  watch.setBudget(5);
  watch.begin();  // only this one is over
  second.get_future().wait();
  watch.end();
  EXPECT_GE(interrupts, 1);
}

TEST(TurnWatch, StopsWhileATurnRuns) {
  TurnWatch watch(100000, {[] {}, [] {}, [] {}});
  watch.begin();
}

}  // namespace
}  // namespace deskd
