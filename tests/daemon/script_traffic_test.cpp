// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_traffic.h"

#include <gmock/gmock.h>

#include "tests/fakes/run_until.h"

using namespace deskd;
using testing::Contains;
using testing::ElementsAre;

namespace {

class ScriptTrafficTest : public testing::Test {
 protected:
  void begin(ScriptTraffic::Budget budget) {
    traffic_.emplace(loop_, budget,
                     ScriptTraffic::Handlers{[this](wire::Any&& message) { arrived(message); },
                                             [this](std::uint64_t lines) { suppressed_.push_back(lines); },
                                             [this](std::uint64_t messages) { dropped_ += messages; }});
  }
  void arrived(const wire::Any& message) {
    if (const auto* state = std::get_if<wire::State>(&message))
      hub_.push_back(state->property + "=" + state->value);
    else
      hub_.push_back(wire::nameOf(message));
  }
  void drainPublishes() {
    while (traffic_->mayPublish()) {
    }
  }

  Loop loop_;
  std::optional<ScriptTraffic> traffic_;
  std::vector<std::string> hub_;
  std::vector<std::uint64_t> suppressed_;
  std::uint64_t dropped_ = 0;
};

}  // namespace

TEST(TokenBucket, AllowsABurstAndThenItsRate) {
  TokenBucket bucket(10, 1000);
  int taken = 0;
  while (bucket.take(1000))
    ++taken;
  EXPECT_EQ(taken, 50);
  EXPECT_EQ(bucket.waitMs(1000), 100u);
  EXPECT_FALSE(bucket.take(1099));
  EXPECT_TRUE(bucket.take(1100));
  EXPECT_FALSE(bucket.take(1100));
  for (taken = 0; bucket.take(1000000);)
    ++taken;
  EXPECT_EQ(taken, 50);
}

TEST_F(ScriptTrafficTest, PublishesBeyondTheRateAreRefused) {
  begin({.publishesPerS = 2});
  int taken = 0;
  while (traffic_->mayPublish())
    ++taken;
  EXPECT_EQ(taken, 10);
}

TEST_F(ScriptTrafficTest, SubscriptionsAreCountedUntilTheyEnd) {
  begin({.subscriptions = 2});
  EXPECT_TRUE(traffic_->subscribe(1));
  EXPECT_TRUE(traffic_->subscribe(2));
  EXPECT_FALSE(traffic_->subscribe(3));
  traffic_->unsubscribe(1);
  EXPECT_TRUE(traffic_->subscribe(3));
}

TEST_F(ScriptTrafficTest, OfStatesThatWaitTheLatestArrives) {
  begin({.publishesPerS = 20});
  drainPublishes();
  for (int i = 0; i < 1000; ++i) {
    traffic_->toHub(wire::State{"height", std::to_string(i)});
    traffic_->toHub(wire::State{"moving", i % 2 == 0 ? "ON" : "OFF"});
  }
  EXPECT_TRUE(hub_.empty());
  ASSERT_TRUE(runUntil(loop_, [&] { return hub_.size() == 2; }));
  EXPECT_THAT(hub_, ElementsAre("height=999", "moving=OFF"));
  EXPECT_EQ(dropped_, 0u);
}

TEST_F(ScriptTrafficTest, AStateStaysBehindItsDeclaration) {
  begin({.publishesPerS = 1});
  drainPublishes();
  traffic_->toHub(wire::State{"a", "1"});
  traffic_->toHub(wire::Declare{"a", "sensor", "{}", true, false});
  traffic_->toHub(wire::State{"a", "2"});
  traffic_->flush();
  EXPECT_THAT(hub_, ElementsAre("a=1", "Declare", "a=2"));
}

TEST_F(ScriptTrafficTest, EventsThatWaitAreBoundedAndCounted) {
  begin({.publishesPerS = 1});
  drainPublishes();
  for (int i = 0; i < 1000; ++i)
    traffic_->toHub(wire::Event{"keypad", "{}"});
  traffic_->finish();
  EXPECT_EQ(hub_.size(), ScriptTraffic::mostEvents);
  EXPECT_EQ(dropped_, 1000 - ScriptTraffic::mostEvents);
}

TEST_F(ScriptTrafficTest, EventsTakeNoRoomFromWhatStaysTrue) {
  begin({.publishesPerS = 1});
  drainPublishes();
  for (int i = 0; i < 1000; ++i)
    traffic_->toHub(wire::Event{"keypad", "{}"});
  traffic_->toHub(wire::State{"fault", "ON"});
  traffic_->toHub(wire::Declare{"late", "sensor", "{}", true, false});
  traffic_->finish();
  ASSERT_EQ(hub_.size(), ScriptTraffic::mostEvents + 2);
  EXPECT_THAT(hub_, Contains("fault=ON"));
  EXPECT_EQ(hub_.back(), "Declare");
}

TEST_F(ScriptTrafficTest, AStateDoesNotWaitForSuppressedLinesToBeTold) {
  begin({.publishesPerS = 100, .logLinesPerS = 1});
  while (traffic_->mayLog()) {
  }
  drainPublishes();
  traffic_->toHub(wire::State{"height", "1"});
  ASSERT_TRUE(runUntil(loop_, [&] { return !hub_.empty() || !suppressed_.empty(); }));
  EXPECT_THAT(hub_, ElementsAre("height=1"));
}

TEST_F(ScriptTrafficTest, SuppressedLinesAreToldOnceTheyAreOver) {
  begin({.logLinesPerS = 100});
  int written = 0;
  for (int i = 0; i < 2000; ++i)
    written += traffic_->mayLog() ? 1 : 0;
  EXPECT_EQ(written, 500);
  traffic_->countSuppressed(10);
  EXPECT_TRUE(suppressed_.empty());
  ASSERT_TRUE(runUntil(loop_, [&] { return !suppressed_.empty(); }));
  EXPECT_THAT(suppressed_, ElementsAre(1510));
  EXPECT_TRUE(traffic_->mayLog());
}

TEST_F(ScriptTrafficTest, NothingWakesTheLoopWhileNothingWaits) {
  begin({});
  traffic_->toHub(wire::State{"a", "1"});
  EXPECT_TRUE(traffic_->mayLog());
  loop_.run();  // returns at once
  EXPECT_THAT(hub_, ElementsAre("a=1"));
}
