// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/recent_messages.h"

#include <utility>

namespace deskd {

RecentMessages::RecentMessages(MqttLink& link, std::function<std::uint64_t()> nowUs)
    : link_(link), nowUs_(std::move(nowUs)) {}

void RecentMessages::publish(MqttMessage message, MqttDone done) {
  // What is published without a connection comes again, if it comes at all.
  if (link_.connected()) keep(Direction::out, message);
  link_.publish(std::move(message), std::move(done));
}

void RecentMessages::subscribe(const std::string& filter, MqttSubscription options, MqttDone done) {
  filters_.insert(filter);
  link_.subscribe(filter, options, std::move(done));
}

void RecentMessages::unsubscribe(const std::string& filter) {
  filters_.erase(filter);
  link_.unsubscribe(filter);
}

void RecentMessages::keep(Direction direction, const MqttMessage& message) {
  ++(direction == Direction::in ? counts_.in : counts_.out);
  if (messages_.size() == most) messages_.pop_front();
  messages_.push_back({nowUs_(), direction, message.topic, message.payload.substr(0, mostPayloadBytes),
                       message.payload.size(), message.qos, message.retained});
}

}  // namespace deskd
