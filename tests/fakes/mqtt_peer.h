// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// A hub, a person with a command line, or another board: a small MQTT 3.1.1 client without TLS on the test's
// loop. Each call waits for the broker's answer by running the loop, so that the order of things in a test is
// the order of its lines. Throws std::runtime_error if the broker refuses or is silent.
class MqttPeer {
 public:
  struct Message {
    std::string topic;
    std::string payload;
    bool retained = false;  // from the broker's store

    bool operator==(const Message&) const = default;
  };

  MqttPeer(Loop& loop, std::uint16_t port, const std::string& clientId, const std::string& username = "",
           const std::string& password = "");

  void subscribe(const std::string& filter);
  // QoS 1: returns when the broker has it.
  void publish(const std::string& topic, const std::string& payload, bool retained = false);

  // Everything received so far, in order.
  const std::vector<Message>& received() const { return received_; }
  void forget() { received_.clear(); }
  std::size_t count(const std::string& topic) const;
  // The newest payload of a topic.
  std::optional<std::string> last(const std::string& topic) const;
  // Runs the loop until a topic's newest payload is this, or until there is a message for it. False after ten
  // seconds.
  bool waitFor(const std::string& topic, const std::string& payload);
  bool waitFor(const std::string& topic);
  bool closed() const { return closed_; }
  int fd() const { return fd_.get(); }

 private:
  void send(std::string_view packet);
  void read();
  void handle(std::uint8_t type, std::string_view body);
  void await(const char* what, const std::function<bool()>& condition);

  Loop& loop_;
  UniqueFd fd_;
  std::string input_;
  std::vector<Message> received_;
  bool accepted_ = false;
  bool closed_ = false;
  std::uint16_t nextPacket_ = 1;
  std::uint16_t answered_ = 0;  // packet id of the last SUBACK or PUBACK
  std::optional<Poll> poll_;    // after fd_: stops first
};

}  // namespace deskd
