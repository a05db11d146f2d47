// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "daemon/deskd/mqtt_message.h"
#include "hal/base/mailbox.h"

namespace deskd {

// Something that happened on one of Paho's threads, or on the thread that takes a session down.
struct MqttEvent {
  enum class Kind { connected, connectFailed, disconnected, lost, answered, message, retired };

  Kind kind = Kind::lost;
  std::uint64_t session = 0;
  std::uint32_t request = 0;  // answered: which one
  // Paho's return code, or a 3.1.1 CONNACK's; 0 is success. connected: how many QoS 1 and 2 publishes the
  // broker takes at a time, 0 if it does not say.
  int code = 0;
  int reason = 0;  // of MQTT 5; from 128 on it is a refusal
  std::string text;
  MqttMessage message;
};

// Where sessions leave their events, on whatever thread; the loop takes them in order. Shared with threads
// that may outlive the client: after close() what is posted is thrown away. Messages are bounded in number
// and bytes, the other events by what the client asks for, which is bounded too.
class MqttInbox {
 public:
  struct Bounds {
    std::size_t events = 0;
    std::size_t messages = 0;
    std::size_t messageBytes = 0;
    std::size_t payloadBytes = 0;
  };

  MqttInbox(Loop& loop, Bounds bounds, std::function<void(const MqttEvent&)> receive)
      : bounds_(bounds),
        receive_(std::move(receive)),
        mailbox_(std::make_unique<Mailbox<MqttEvent>>(loop, bounds.events + bounds.messages,
                                                      [this](const MqttEvent& event) { take(event); })) {}

  // From any thread.
  void post(MqttEvent event) noexcept {
    const std::lock_guard lock(mutex_);
    if (!mailbox_) return;
    if (event.kind == MqttEvent::Kind::message && !admit(event.message.payload.size())) {
      ++dropped_;
      return;
    }
    mailbox_->post(std::move(event));
  }

  // On the loop.
  void close() {
    const std::lock_guard lock(mutex_);
    mailbox_.reset();
  }

  std::size_t dropped() const { return dropped_; }

 private:
  bool admit(std::size_t bytes) {
    if (bytes > bounds_.payloadBytes || messages_ >= bounds_.messages ||
        bytes_ + bytes > bounds_.messageBytes) {
      return false;
    }
    ++messages_;
    bytes_ += bytes;
    return true;
  }
  void take(const MqttEvent& event) {
    if (event.kind == MqttEvent::Kind::message) {
      const std::lock_guard lock(mutex_);
      --messages_;
      bytes_ -= event.message.payload.size();
    }
    receive_(event);
  }

  const Bounds bounds_;
  const std::function<void(const MqttEvent&)> receive_;
  std::mutex mutex_;
  std::unique_ptr<Mailbox<MqttEvent>> mailbox_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
  std::atomic<std::size_t> dropped_ = 0;
};

}  // namespace deskd
