// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/deskd/mqtt_inbox.h"
#include "daemon/deskd/mqtt_message.h"
#include "daemon/deskd/mqtt_settings.h"

namespace deskd {

// One attempt to connect and, if it succeeds, that one connection, over a Paho client object of its own: Paho
// keeps publishes that it could not write in a queue that outlives a connection and would send them, stale,
// over the next.
//
// Everything but the destructor returns at once; what comes of it is posted to the inbox. The destructor ends
// the connection in order, so that the broker publishes no will, and blocks for a tenth of a second, or for
// as long as a name server takes to answer: call it on a thread that may wait.
class MqttSession {
 public:
  struct Options {
    MqttSettings settings;
    std::string clientId;
    std::optional<std::string> password;
    std::optional<MqttMessage> will;
    bool mqtt5 = true;
    unsigned connectTimeoutS = 10;
    std::uint32_t maxPacketBytes = 0;
  };

  MqttSession(std::uint64_t number, const Options& options, std::shared_ptr<MqttInbox> inbox);
  ~MqttSession();
  MqttSession(const MqttSession&) = delete;
  MqttSession& operator=(const MqttSession&) = delete;

  std::uint64_t number() const { return number_; }
  bool mqtt5() const { return mqtt5_; }

  // Throw std::runtime_error if Paho refuses at once; then no event follows. The caller keeps the number of
  // unanswered publishes within what the broker takes: what Paho itself has to hold back it sends at a crawl.
  void connect();
  void publish(const MqttMessage& message, std::uint32_t request);
  void subscribe(const std::string& filter, const MqttSubscription& options, std::uint32_t request);
  void unsubscribe(const std::string& filter, std::uint32_t request);

 private:
  class Paho;
  const std::uint64_t number_;
  const bool mqtt5_;
  std::unique_ptr<Paho> paho_;
};

// What a return code or reason means, in words.
std::string mqttErrorText(int code, int reason);

}  // namespace deskd
