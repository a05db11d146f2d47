// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/deskd/mqtt_link.h"
#include "daemon/deskd/mqtt_settings.h"
#include "hal/base/loop.h"

namespace deskd {

struct MqttClientOptions {
  MqttSettings settings;
  std::string clientId;  // fixed, so that a broker throws out a stale twin
  std::optional<std::string> password;
  std::optional<MqttMessage> will;  // what the broker publishes when this client vanishes
  // Uniform in [0, 1), for the jitter of reconnecting.
  std::function<double()> random;

  std::size_t maxUnacknowledged = 1000;                   // publishes, retained and others each
  std::size_t maxUnacknowledgedBytes = 16 * 1024 * 1024;  // their payloads
  std::size_t maxFilters = 4096;                          // subscriptions
  std::size_t maxInboundMessages = 1000;                  // between Paho's thread and the loop
  std::size_t maxInboundBytes = 8 * 1024 * 1024;          // the same, payloads
  std::size_t maxPayloadBytes = 1024 * 1024;              // of one incoming message
  Milliseconds firstRetryDelay = Milliseconds(1000);  // doubles up to the next; the first retry is immediate
  Milliseconds maxRetryDelay = Milliseconds(60000);
  Milliseconds connectTimeout = Milliseconds(10000);
  Milliseconds stopTimeout = Milliseconds(1000);
};

struct MqttClientHandlers {
  std::function<void()> onConnected;
  std::function<void(const std::string& reason)> onDisconnected;  // only after onConnected; the owner logs it
  std::function<void(const MqttMessage&)> onMessage;
};

// The process's one connection to a broker. It lives on the supervisor's loop; Paho's threads only post to
// it.
//
// - Each connection starts clean and leaves nothing behind at the broker (clean start, session expiry 0):
// what was
//   published to us while we were away is not delivered afterwards, so no command comes late.
// - Subscriptions are kept here and sent again, one by one, before onConnected is called.
// - Nothing is queued over a loss: publishes without an answer end in ERR_OFFLINE, and Paho's own queue goes
// with its
//   client object, which is used for one connection only.
// - Publishes that wait for an answer are bounded (maxUnacknowledged); further ones end in ERR_QUEUE_FULL.
// - Incoming messages that the loop has not taken yet are bounded in number and bytes; further ones are
// dropped and
//   counted, as are payloads over maxPayloadBytes (MQTT 5 tells the broker not to send those at all).
// - It reconnects for ever: at once the first time, then with jittered delays that double from
// firstRetryDelay to
//   maxRetryDelay. When another client takes its id away it says so once and waits maxRetryDelay.
// - MQTT 5 first; a broker that refuses the version is asked again with 3.1.1, unless settings pin one.
//
// One per process: Paho's threads and locks are shared by all of its clients.
class MqttClient final : public MqttLink {
 public:
  struct Counters {
    std::uint64_t connections = 0;
    std::uint64_t connectFailures = 0;
    std::uint64_t takeovers = 0;
    std::uint64_t inboundDropped = 0;
  };

  // Throws std::invalid_argument if a certificate, key or CA file cannot be read.
  MqttClient(Loop& loop, MqttClientOptions options, MqttClientHandlers handlers);
  // Blocks for at most stopTimeout.
  ~MqttClient() override;

  // Starts connecting; returns at once whatever the broker's state.
  void start();
  // Waits for the answers to what is already published, disconnects (so the broker publishes no will) and
  // calls `done`, all within stopTimeout. Nothing can be published afterwards.
  void stop(std::function<void()> done);

  bool connected() const override;
  int protocolVersion() const override;
  Counters counters() const;
  std::size_t unacknowledged() const;

  void publish(MqttMessage message, MqttDone done) override;
  void subscribe(const std::string& filter, MqttSubscription options, MqttDone done) override;
  void unsubscribe(const std::string& filter) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace deskd
