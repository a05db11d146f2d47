// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_reconnect.h"

#include <gtest/gtest.h>

using namespace deskd;
using Cause = MqttReconnect::Cause;

namespace {

constexpr double most = 0.999999;

MqttReconnect subject() {
  return MqttReconnect(Milliseconds(1000), Milliseconds(60000));
}

}  // namespace

TEST(MqttReconnect, RetriesAtOnceAndThenWithDoublingDelays) {
  MqttReconnect reconnect = subject();
  EXPECT_LT(reconnect.next(Cause::failed, 0, most).delay, Milliseconds(250));
  for (const int expected : {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000}) {
    const MqttReconnect::Verdict verdict = reconnect.next(Cause::failed, 0, most);
    EXPECT_NEAR(static_cast<double>(verdict.delay.count()), expected, 1);
    EXPECT_FALSE(verdict.takeover);
  }
}

TEST(MqttReconnect, SpreadsHalfOfTheDelay) {
  MqttReconnect reconnect = subject();
  reconnect.next(Cause::failed, 0, 0);
  EXPECT_EQ(reconnect.next(Cause::failed, 0, 0).delay, Milliseconds(500));
  EXPECT_EQ(reconnect.next(Cause::failed, 0, 0.5).delay, Milliseconds(1500));
}

TEST(MqttReconnect, BeginsAnewAfterAConnectionThatLasted) {
  MqttReconnect reconnect = subject();
  for (int i = 0; i < 10; ++i)
    reconnect.next(Cause::failed, 0, most);
  reconnect.connected(100000);
  EXPECT_EQ(reconnect.next(Cause::lost, 103000, 0).delay, Milliseconds(0));
  EXPECT_EQ(reconnect.next(Cause::failed, 103000, 0).delay, Milliseconds(500));
}

TEST(MqttReconnect, AConnectionThatBreaksAtOnceDoesNotResetTheDelay) {
  MqttReconnect reconnect = subject();
  for (int i = 0; i < 4; ++i)
    reconnect.next(Cause::failed, 0, most);
  reconnect.connected(100000);
  EXPECT_NEAR(static_cast<double>(reconnect.next(Cause::lost, 100500, most).delay.count()), 8000, 1);
}

TEST(MqttReconnect, WaitsLongestWhenTheBrokerSaysThatTheIdWasTaken) {
  MqttReconnect reconnect = subject();
  reconnect.connected(0);
  const MqttReconnect::Verdict verdict = reconnect.next(Cause::takenOver, 500000, most);
  EXPECT_TRUE(verdict.takeover);
  EXPECT_NEAR(static_cast<double>(verdict.delay.count()), 60000, 1);
}

TEST(MqttReconnect, SuspectsATakeoverAfterThreeUnexplainedQuickLosses) {
  MqttReconnect reconnect = subject();
  for (int i = 0; i < 2; ++i) {
    reconnect.connected(1000);
    EXPECT_FALSE(reconnect.next(Cause::lostUnexplained, 2500, 0).takeover);
  }
  reconnect.connected(1000);
  EXPECT_TRUE(reconnect.next(Cause::lostUnexplained, 2500, 0).takeover);
}

TEST(MqttReconnect, DoesNotSuspectABrokerThatIsAway) {
  MqttReconnect reconnect = subject();
  for (int i = 0; i < 10; ++i) {
    reconnect.connected(1000);
    EXPECT_FALSE(reconnect.next(Cause::lostUnexplained, 2500, 0).takeover);
    EXPECT_FALSE(reconnect.next(Cause::failed, 2500, 0).takeover);
  }
  for (int i = 0; i < 10; ++i) {
    reconnect.connected(1000);
    const MqttReconnect::Verdict verdict = reconnect.next(Cause::gone, 1100, most);
    EXPECT_FALSE(verdict.takeover);
    EXPECT_LT(verdict.delay, Milliseconds(250)) << "a broker that restarts often is not met ever more slowly";
  }
  for (int i = 0; i < 10; ++i) {
    reconnect.connected(1000);
    EXPECT_FALSE(reconnect.next(Cause::lost, 1100, 0).takeover) << "the broker gave another reason";
    reconnect.connected(1000);
    EXPECT_FALSE(reconnect.next(Cause::lostUnexplained, 9000, 0).takeover);
  }
}
