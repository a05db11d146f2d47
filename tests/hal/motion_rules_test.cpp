// SPDX-License-Identifier: Apache-2.0
#include "hal/motion_rules.h"

#include <gtest/gtest.h>

#include <random>

namespace deskd {
namespace {

using std::chrono::milliseconds;
using End = MotionRules::End;

MotionRules::Time at(int ms) {
  return milliseconds(ms);
}

class MotionRulesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    rules_.add(up, {milliseconds(300), milliseconds(0), milliseconds(0)}, {});
    rules_.add(down, {milliseconds(300), milliseconds(1000), milliseconds(5000)}, {});
  }
  std::string refusal(MotionRules::Id id, int ms) {
    const auto refused = rules_.drive(id, at(ms), std::nullopt, std::nullopt);
    return refused ? refused->code : "";
  }
  // Names of those that end by `ms`, with the reason.
  std::string expired(int ms) {
    std::string text;
    for (const auto& [id, reason] : rules_.expire(at(ms)))
      text += std::to_string(id) + " " + nameOf(reason) + ";";
    return text;
  }

  static constexpr MotionRules::Id up = 1;
  static constexpr MotionRules::Id down = 2;
  MotionRules rules_;
};

TEST_F(MotionRulesTest, NothingIsOnAndNothingIsDueAtFirst) {
  EXPECT_FALSE(rules_.anyOn());
  EXPECT_FALSE(rules_.next());
  EXPECT_FALSE(rules_.shortestLease());
  EXPECT_FALSE(rules_.renew(up, at(0)));
}

TEST_F(MotionRulesTest, GoesOffWhenNobodyRenewsTheLease) {
  EXPECT_EQ(refusal(up, 100), "");
  EXPECT_EQ(rules_.next(), at(400));
  EXPECT_EQ(expired(399), "");
  EXPECT_TRUE(rules_.renew(up, at(350)));
  rules_.heartbeat(at(350));
  EXPECT_EQ(expired(649), "");
  EXPECT_EQ(expired(650), "1 lease;");
  EXPECT_FALSE(rules_.on(up));
  EXPECT_FALSE(rules_.next());
}

TEST_F(MotionRulesTest, GoesOffWhenTheSupervisorIsSilentForTheLease) {
  EXPECT_EQ(refusal(up, 100), "");
  EXPECT_TRUE(rules_.renew(up, at(390)));
  EXPECT_EQ(expired(400), "1 supervisor;");
}

TEST_F(MotionRulesTest, SilenceOfTheSupervisorBeforeAnythingWasOnDoesNotCount) {
  rules_.heartbeat(at(0));
  EXPECT_EQ(refusal(up, 10000), "");
  EXPECT_EQ(expired(10299), "");
}

TEST_F(MotionRulesTest, TheLeaseOfADriveCountsInPlaceOfTheDeclaredOne) {
  EXPECT_FALSE(rules_.drive(up, at(0), milliseconds(50), std::nullopt));
  EXPECT_EQ(rules_.shortestLease(), milliseconds(50));
  EXPECT_EQ(expired(50), "1 lease;");
}

TEST_F(MotionRulesTest, MaxOnCountsFromTheFirstDriveAndIsFollowedByRest) {
  for (int ms = 0; ms < 1000; ms += 100) {
    EXPECT_EQ(refusal(down, ms), "");
    rules_.heartbeat(at(ms));
  }
  EXPECT_EQ(expired(1000), "2 maxOn;");
  const auto refused = rules_.drive(down, at(1001), std::nullopt, std::nullopt);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, "ERR_RESTING");
  EXPECT_EQ(refused->wait, milliseconds(4999));
  EXPECT_EQ(refusal(down, 6000), "");
}

TEST_F(MotionRulesTest, APulseEndsWhoeverRenews) {
  EXPECT_FALSE(rules_.drive(up, at(0), std::nullopt, milliseconds(30)));
  EXPECT_TRUE(rules_.renew(up, at(20)));
  EXPECT_EQ(rules_.next(), at(30));
  EXPECT_EQ(expired(30), "1 pulse;");
}

TEST_F(MotionRulesTest, ADriveAfterAPulseOfTheSameOutputIsNoPulse) {
  EXPECT_FALSE(rules_.drive(up, at(0), std::nullopt, milliseconds(30)));
  EXPECT_EQ(expired(30), "1 pulse;");
  EXPECT_EQ(refusal(up, 40), "");
  EXPECT_EQ(expired(100), "");
}

TEST_F(MotionRulesTest, InterlockRefusesASecondMemberAndTheDeadTime) {
  rules_.interlock({up, down}, milliseconds(500));
  EXPECT_EQ(refusal(up, 0), "");
  EXPECT_EQ(refusal(down, 10), "ERR_INTERLOCK");
  rules_.release(up, at(100));
  const auto refused = rules_.drive(down, at(101), std::nullopt, std::nullopt);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, "ERR_DEAD_TIME");
  EXPECT_EQ(refused->wait, milliseconds(499));
  EXPECT_EQ(refusal(up, 200), "") << "the same direction is no reversal";
  rules_.release(up, at(250));
  EXPECT_EQ(refusal(down, 749), "ERR_DEAD_TIME");
  EXPECT_EQ(refusal(down, 750), "");
}

TEST_F(MotionRulesTest, ExpiryCountsAsGoingOff) {
  rules_.interlock({up, down}, milliseconds(500));
  EXPECT_EQ(refusal(up, 0), "");
  EXPECT_EQ(expired(305), "1 lease;");
  EXPECT_EQ(refusal(down, 804), "ERR_DEAD_TIME");
  EXPECT_EQ(refusal(down, 805), "");
}

TEST_F(MotionRulesTest, HistoryOutlivesTheDeclaration) {
  rules_.interlock({up, down}, milliseconds(500));
  EXPECT_EQ(refusal(up, 0), "");
  rules_.release(up, at(100));
  const auto history = rules_.history(up);
  rules_.remove(up);
  rules_.add(3, {milliseconds(300), milliseconds(0), milliseconds(0)}, history);
  rules_.interlock({3, down}, milliseconds(500));
  EXPECT_EQ(refusal(down, 200), "ERR_DEAD_TIME");
}

TEST_F(MotionRulesTest, RefusesAnInterlockThatMakesNoSense) {
  EXPECT_THROW(rules_.interlock({up}, milliseconds(1)), std::invalid_argument);
  EXPECT_THROW(rules_.interlock({up, 99}, milliseconds(1)), std::invalid_argument);
  EXPECT_THROW(rules_.interlock({up, up}, milliseconds(1)), std::invalid_argument);
  EXPECT_EQ(refusal(up, 0), "");
  EXPECT_THROW(rules_.interlock({up, down}, milliseconds(1)), std::invalid_argument);
  EXPECT_THROW(rules_.add(4, {milliseconds(0), milliseconds(0), milliseconds(0)}, {}), std::invalid_argument);
}

// Whatever is asked for at whatever moment: at most one member on, the dead time kept, nothing on beyond its
// lease, its maxOn or the supervisor's silence.
TEST(MotionRulesProperty, HoldsForRandomSequences) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
  constexpr int deadTime = 200;
  constexpr int lease = 120;
  constexpr int maxOn = 900;
  MotionRules rules;
  for (const MotionRules::Id id : {1, 2, 3})
    rules.add(id, {milliseconds(lease), milliseconds(maxOn), milliseconds(400)}, {});
  rules.interlock({1, 2, 3}, milliseconds(deadTime));
  int now = 0;
  int heartbeat = 0;
  MotionRules::Id lastOn = 0;
  int lastOff = -deadTime;
  std::array<int, 4> since{};
  std::array<int, 4> renewed{};
  const auto off = [&](MotionRules::Id id) {
    lastOn = id;
    lastOff = now;
  };
  for (int step = 0; step < 200000; ++step) {
    now += below(60);
    for (const auto& [id, reason] : rules.expire(at(now)))
      off(id);
    const auto id = static_cast<MotionRules::Id>(1 + below(3));
    const bool was = rules.on(id);
    switch (below(5)) {
      case 0:
      case 1: {
        if (rules.drive(id, at(now), std::nullopt, std::nullopt)) break;
        if (!was) {
          const bool reversal = id != lastOn && lastOn != 0;
          ASSERT_TRUE(!reversal || now - lastOff >= deadTime);
          ASSERT_TRUE(rules.on(id));
          since.at(id) = now;
          heartbeat = now;
        }
        renewed.at(id) = now;
        break;
      }
      case 2:
        if (was) off(id);
        rules.release(id, at(now));
        break;
      case 3:
        if (rules.renew(id, at(now))) renewed.at(id) = now;
        break;
      default:
        rules.heartbeat(at(now));
        heartbeat = now;
    }
    int on = 0;
    for (const MotionRules::Id one : {1, 2, 3}) {
      if (!rules.on(one)) continue;
      ++on;
      ASSERT_LT(now - since.at(one), maxOn);
      ASSERT_LT(now - renewed.at(one), lease);
      ASSERT_LT(now - heartbeat, lease);
      ASSERT_TRUE(rules.next());
    }
    ASSERT_LE(on, 1);
  }
}

}  // namespace
}  // namespace deskd
