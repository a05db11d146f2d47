// SPDX-License-Identifier: Apache-2.0
#include "hal/base/mailbox.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

#include "tests/hal/loop_runner.h"

namespace deskd {
namespace {

using namespace test;

TEST(Mailbox, HandsOverEverythingInOrderWhateverThePaceOfBothSides) {
  constexpr int many = 100'000;
  Loop loop;
  int next = 0;
  bool inOrder = true;
  Mailbox<int> box(loop, many, [&](int value) { inOrder = value == next++ && inOrder; });
  std::thread sender([&] {
    for (int i = 0; i < many; ++i)
      box.post(i);
  });
  EXPECT_TRUE(runUntil(loop, [&] { return next == many; })) << "stuck at " << next;
  sender.join();
  EXPECT_TRUE(inOrder);
}

TEST(Mailbox, RefusesAndCountsWhatDoesNotFit) {
  Loop loop;
  std::vector<int> seen;
  Mailbox<int> box(loop, 2, [&](int value) { seen.push_back(value); });
  EXPECT_TRUE(box.post(1));
  EXPECT_TRUE(box.post(2));
  EXPECT_FALSE(box.post(3));
  EXPECT_EQ(box.dropped(), 1U);
  EXPECT_TRUE(runUntil(loop, [&] { return seen.size() == 2; }));
  EXPECT_EQ(seen, (std::vector{1, 2}));
}

TEST(Wake, SendsThatComeCloseTogetherAreOneCall) {
  Loop loop;
  int calls = 0;
  Wake wake(loop, [&] { ++calls; });
  for (int i = 0; i < 10; ++i)
    wake.send();
  runFor(loop, Milliseconds(20));
  EXPECT_EQ(calls, 1);
}

TEST(Wake, OneSentFromItsOwnCallComesAgain) {
  Loop loop;
  int calls = 0;
  std::optional<Wake> wake;
  wake.emplace(loop, [&] {
    if (++calls < 3) wake->send();
  });
  wake->send();
  EXPECT_TRUE(runUntil(loop, [&] { return calls == 3; }));
}

TEST(Wake, MayBeDestroyedByItsOwnCall) {
  Loop loop;
  bool called = false;
  std::optional<Wake> wake;
  wake.emplace(loop, [&] {
    wake.reset();
    called = true;
  });
  wake->send();
  EXPECT_TRUE(runUntil(loop, [&] { return called; }));
}

TEST(Wake, KeepsTheLoopGoingUnlessToldOtherwise) {
  Loop loop;
  Wake wake(loop, [] {});
  wake.unref();
  loop.run();  // returns
}

}  // namespace
}  // namespace deskd
