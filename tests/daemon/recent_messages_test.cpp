// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/recent_messages.h"

#include <gtest/gtest.h>

namespace deskd {
namespace {

class Link final : public MqttLink {
 public:
  bool connected() const override { return online; }
  int protocolVersion() const override { return 5; }
  void publish(MqttMessage, MqttDone) override { ++published; }
  void subscribe(const std::string&, MqttSubscription, MqttDone) override {}
  void unsubscribe(const std::string&) override {}

  bool online = true;
  int published = 0;
};

MqttMessage message(const std::string& topic, const std::string& payload) {
  MqttMessage made;
  made.topic = topic;
  made.payload = payload;
  return made;
}

TEST(RecentMessages, KeepTheLastTwentyInBothDirections) {
  Link link;
  std::uint64_t now = 0;
  RecentMessages recent(link, [&] { return ++now; });
  for (int count = 0; count < 15; ++count) {
    recent.publish(message("out/" + std::to_string(count), "x"), {});
    recent.received(message("in/" + std::to_string(count), std::string(1000, 'y')));
  }
  EXPECT_EQ(link.published, 15);
  EXPECT_EQ(recent.counts().in, 15U);
  EXPECT_EQ(recent.counts().out, 15U);
  ASSERT_EQ(recent.messages().size(), 20U);
  EXPECT_EQ(recent.messages().front().topic, "out/5");
  EXPECT_EQ(recent.messages().front().direction, Direction::out);
  EXPECT_EQ(recent.messages().back().topic, "in/14");
  EXPECT_EQ(recent.messages().back().payload.size(), RecentMessages::mostPayloadBytes);
  EXPECT_EQ(recent.messages().back().payloadBytes, 1000U);
  EXPECT_EQ(recent.messages().back().timeUs, 30U);
}

TEST(RecentMessages, LeaveOutWhatIsNotSent) {
  Link link;
  link.online = false;
  RecentMessages recent(link, [] { return 1; });
  recent.publish(message("out", "x"), {});
  EXPECT_EQ(link.published, 1) << "the link says why";
  EXPECT_TRUE(recent.messages().empty());
}

TEST(RecentMessages, CountSubscriptions) {
  Link link;
  RecentMessages recent(link, [] { return 1; });
  recent.subscribe("a/#", {}, {});
  recent.subscribe("a/#", {}, {});
  recent.subscribe("b", {}, {});
  EXPECT_EQ(recent.subscriptions(), 2U);
  recent.unsubscribe("b");
  EXPECT_EQ(recent.subscriptions(), 1U);
}

}  // namespace
}  // namespace deskd
