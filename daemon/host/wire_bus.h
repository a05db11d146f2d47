// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "bindings/host_services.h"
#include "daemon/wire/channel.h"

namespace deskd {

// MQTT and the hub as a script's host has them: requests over the wire to the supervisor.
class WireBus final : public MessageBus, public HubPort {
 public:
  // `post` sends to the supervisor; false means that it did not fit.
  using Post = std::function<bool(const wire::Any&)>;
  explicit WireBus(Post post) : post_(std::move(post)) {}

  // What the supervisor says.
  void receive(const wire::Connection& change);
  void receive(wire::Message&& message);
  void receive(const wire::Result& result);
  void receive(const wire::Command& command);

  bool connected() const override { return connected_; }
  void onConnection(std::function<void(bool)> changed) override { changed_ = std::move(changed); }
  void publish(std::string topic, Bytes payload, int qos, bool retain, Done done) override;
  std::uint32_t subscribe(std::string filter, int qos, OnMessage onMessage, Done done) override;
  void unsubscribe(std::uint32_t subscription) override;

  void device(std::string infoJson) override;
  void declare(std::string property, std::string component, std::string configJson, bool hasState,
               bool hasCommand) override;
  void remove(std::string property) override;
  void state(std::string property, std::string value) override;
  void attributes(std::string json) override;
  void event(std::string property, std::string json) override;
  void error(std::string property, std::string json) override;
  void available(bool available) override;
  void onCommand(std::function<void(std::string, std::string)> command) override {
    command_ = std::move(command);
  }

 private:
  std::uint32_t remember(Done done);
  void require(const wire::Any& message);

  Post post_;
  bool connected_ = false;
  std::function<void(bool)> changed_;
  std::function<void(std::string, std::string)> command_;
  std::uint32_t lastRequest_ = 0;
  std::uint32_t lastSubscription_ = 0;
  std::map<std::uint32_t, Done> requests_;
  std::map<std::uint32_t, OnMessage> subscriptions_;
};

}  // namespace deskd
