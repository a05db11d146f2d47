// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/deskd/mqtt_link.h"

namespace deskd {

// A link whose broker is the test: it sees what is sent, and answers when it likes.
class FakeLink final : public MqttLink {
 public:
  bool connected() const override { return online; }
  int protocolVersion() const override { return online ? version : 0; }
  void publish(MqttMessage message, MqttDone done) override {
    sent.push_back(message);
    if (!online) done = answered(std::move(done), {"ERR_OFFLINE", "offline", false});
    if (done) waiting.push_back(std::move(done));
  }
  void subscribe(const std::string& filter, MqttSubscription options, MqttDone done) override {
    filters[filter] = options;
    ++subscribes[filter];
    if (done) answered(std::move(done), {"", "", !online});
  }
  void unsubscribe(const std::string& filter) override { filters.erase(filter); }

  // Answers what was published so far, oldest first.
  void answer(std::size_t count, const MqttResult& result = {}) {
    while (count-- > 0 && !waiting.empty()) {
      const MqttDone done = std::move(waiting.front());
      waiting.pop_front();
      done(result);
    }
  }
  void answerAll(const MqttResult& result = {}) {
    while (!waiting.empty())
      answer(1, result);
  }
  // The connection breaks: everything unanswered fails.
  void drop() {
    online = false;
    answerAll({"ERR_OFFLINE", "lost", false});
  }
  // What a real link does from its loop.
  void runLater() {
    std::deque<std::pair<MqttDone, MqttResult>> now;
    now.swap(later);
    for (auto& [done, result] : now)
      done(result);
  }

  // Sent topics and payloads, "topic=payload".
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const MqttMessage& message : sent)
      all.push_back(message.topic + "=" + message.payload);
    return all;
  }
  // What a broker would have stored.
  std::map<std::string, std::string> stored() const {
    std::map<std::string, std::string> all;
    for (const MqttMessage& message : sent) {
      if (!message.retained) continue;
      if (message.payload.empty()) {
        all.erase(message.topic);
      } else {
        all[message.topic] = message.payload;
      }
    }
    return all;
  }

  bool online = true;
  int version = 5;
  std::vector<MqttMessage> sent;
  std::map<std::string, MqttSubscription> filters;
  std::map<std::string, int> subscribes;
  std::deque<MqttDone> waiting;
  std::deque<std::pair<MqttDone, MqttResult>> later;

 private:
  MqttDone answered(MqttDone done, MqttResult result) {
    if (done) later.emplace_back(std::move(done), std::move(result));
    return {};
  }
};

}  // namespace deskd
