// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>

#include "daemon/deskd/mqtt_link.h"

namespace deskd {

enum class Direction { in, out };

struct RecentMessage {
  std::uint64_t timeUs = 0;  // of the wall clock
  Direction direction = Direction::in;
  std::string topic;
  std::string payload;  // its beginning
  std::size_t payloadBytes = 0;
  int qos = 0;
  bool retained = false;
};

struct MessageCounts {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};

// Between whoever uses a broker and the link to it: counts what goes by, and keeps the last few messages for
// a person to look at.
class RecentMessages final : public MqttLink {
 public:
  static constexpr std::size_t most = 20;
  static constexpr std::size_t mostPayloadBytes = 256;  // kept of each

  // `link` outlives it. `nowUs`: the wall clock.
  RecentMessages(MqttLink& link, std::function<std::uint64_t()> nowUs);

  // The link's handler calls it.
  void received(const MqttMessage& message) { keep(Direction::in, message); }
  const std::deque<RecentMessage>& messages() const { return messages_; }
  const MessageCounts& counts() const { return counts_; }
  std::size_t subscriptions() const { return filters_.size(); }

  bool connected() const override { return link_.connected(); }
  int protocolVersion() const override { return link_.protocolVersion(); }
  void publish(MqttMessage message, MqttDone done) override;
  void subscribe(const std::string& filter, MqttSubscription options, MqttDone done) override;
  void unsubscribe(const std::string& filter) override;

 private:
  void keep(Direction direction, const MqttMessage& message);

  MqttLink& link_;
  const std::function<std::uint64_t()> nowUs_;
  std::deque<RecentMessage> messages_;
  std::set<std::string> filters_;
  MessageCounts counts_;
};

}  // namespace deskd
