// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/deskd/hub_checked.h"
#include "daemon/deskd/hub_entity.h"

namespace deskd {

// The topics of one node and what is told to a hub about them. Pure: builds texts, sends nothing.
class HubDiscovery {
 public:
  HubDiscovery(std::string prefix, std::string discoveryPrefix, std::string node, std::string version);

  // Topics
  std::string nodeStatus() const { return base_ + "/status"; }
  std::string deviceTopic(const std::string& device) const { return base_ + "/" + device; }
  std::string deviceStatus(const std::string& device) const { return deviceTopic(device) + "/status"; }
  std::string attributes(const std::string& device) const {
    return deviceTopic(device) + "/attributes/state";
  }
  // `verb` is state, set, event or error.
  std::string property(const std::string& device, const std::string& property, const char* verb) const;
  std::string commandFilter() const { return base_ + "/+/+/set"; }
  std::string birth() const { return discoveryPrefix_ + "/status"; }
  // Takes ".../DEVICE/PROPERTY/set" apart. False if it is another topic.
  bool parseCommand(const std::string& topic, std::string& device, std::string& property) const;

  std::string entityConfigTopic(const std::string& component, const std::string& device,
                                const std::string& property) const;
  std::string deviceConfigTopic(const std::string& device) const;
  std::string nodeConfigTopic() const;
  // What kind of discovery topic of this node it is.
  enum class Kind { none, node, entity, device };
  Kind kindOf(const std::string& topic) const;
  // Whether a topic, of values or of discovery, is one of this device's.
  bool belongsTo(const std::string& topic, const std::string& device) const;
  bool isDeviceStatus(const std::string& topic) const;
  bool isOurs(const std::string& topic) const { return topic.starts_with(base_ + "/"); }

  // Configurations, JSON
  std::string entityConfig(const std::string& device, const HubDevice& about,
                           const CheckedEntity& entity) const;
  // `removed`: components that were announced before and are taken back, by property.
  std::string deviceConfig(const std::string& device, const HubDevice& about,
                           const std::vector<const CheckedEntity*>& entities,
                           const std::map<std::string, std::string>& removed) const;
  // The node itself: the device that all the others are reached through, with its connection as a sensor.
  std::string nodeConfig() const;

 private:
  const std::string discoveryPrefix_;
  const std::string node_;
  const std::string version_;
  const std::string base_;
};

}  // namespace deskd
