// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>

#include "daemon/deskd/hub.h"
#include "daemon/deskd/hub_device.h"
#include "daemon/deskd/hub_discovery.h"
#include "daemon/deskd/mqtt_router.h"

namespace deskd {

// What comes in on devices' command topics: checked and handed on, or refused with the reason on the error
// topic. Retained ones are ignored, counted and cleared (Hub says how).
class HubCommands {
 public:
  using Devices = std::map<std::string, HubDeviceState>;
  struct Handlers {
    Hub::OnCommand onCommand;
    std::function<void(const HubDeviceState&)> attributesChanged;
  };

  // All outlive it; so does what `owner` has subscribed at the router, which the caller drops.
  HubCommands(MqttLink& link, MqttRouter& router, MqttOwner owner, const HubDiscovery& discovery,
              Devices& devices, Handlers handlers);

  // There is a connection, perhaps of another protocol version than the last.
  void connected();
  // An error as JSON to the property's error topic. Lost without a connection.
  void sendError(const std::string& device, const std::string& property, const std::string& json);

  std::uint64_t retainedIgnored() const { return retainedIgnored_; }
  // Also of a device that is yet to come: stored commands arrive before its script has started.
  std::uint64_t retainedIgnored(const std::string& device) const;

 private:
  void received(const MqttMessage& message);
  void receivedStored(const MqttMessage& message);
  void command(HubDeviceState& device, const std::string& property, const std::string& payload);
  void ignoreRetained(const std::string& topic, const std::string& id, const std::string& property,
                      const std::string& payload);

  MqttLink& link_;
  MqttRouter& router_;
  const MqttOwner owner_;
  const HubDiscovery& discovery_;
  Devices& devices_;
  const Handlers handlers_;
  std::unordered_set<std::string> logged_;
  std::uint64_t retainedIgnored_ = 0;
  std::map<std::string, std::uint64_t> ignoredOf_;  // by device
  bool searching_ = false;                          // for stored commands
};

}  // namespace deskd
