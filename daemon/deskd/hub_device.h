// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/deskd/hub_checked.h"
#include "daemon/deskd/hub_discovery.h"
#include "daemon/deskd/mqtt_router.h"

namespace deskd {

// What the hub knows of one device. A value: sending is Hub's.
struct HubDeviceState {
  struct Property {
    CheckedEntity entity;
    bool declared = true;  // by the present owner
  };

  std::string id;
  HubDevice about;
  std::optional<MqttOwner> owner;    // none while its script does not run
  std::vector<Property> properties;  // in the order of their declaration
  std::string attributesJson = "{}";
  std::uint64_t retainedCommandsIgnored = 0;
  // Device configurations: components to take back, by property. They stay in the configuration, because a
  // hub that was away must hear of it too.
  std::map<std::string, std::string> removed;
  std::optional<std::uint64_t> announcedAtMs;  // when its device configuration was last published

  Property* find(const std::string& property);
  // The entity whose command or state topic this property is: itself, or the cover whose position it is.
  Property* findByTopic(const std::string& property);
  std::string commandNames() const;  // for messages: "cover, position, stop"

  // The attributes with deskd's own among them.
  std::string attributes() const;
  std::string config(const HubDiscovery& discovery) const;
  std::map<std::string, std::string> components() const;
  // Topics of an entity's values: states and, before that of a cover, its position.
  static std::vector<std::string> stateTopics(const HubDiscovery& discovery, const std::string& device,
                                              const CheckedEntity& entity);
};

}  // namespace deskd
