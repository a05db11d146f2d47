// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub_device.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace deskd {

HubDeviceState::Property* HubDeviceState::find(const std::string& property) {
  const auto found = std::find_if(properties.begin(), properties.end(),
                                  [&](const Property& p) { return p.entity.property == property; });
  return found == properties.end() ? nullptr : &*found;
}

HubDeviceState::Property* HubDeviceState::findByTopic(const std::string& property) {
  if (Property* own = find(property)) return own;
  const auto found = std::find_if(properties.begin(), properties.end(),
                                  [&](const Property& p) { return p.entity.positionProperty == property; });
  return found == properties.end() ? nullptr : &*found;
}

std::string HubDeviceState::commandNames() const {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  for (const Property& property : properties) {
    if (!property.entity.hasCommand) continue;
    add(property.entity.property);
    if (!property.entity.positionProperty.empty()) add(property.entity.positionProperty);
  }
  return names.empty() ? "none" : names;
}

std::string HubDeviceState::attributes() const {
  nlohmann::json all = nlohmann::json::parse(attributesJson);
  all["retained_commands_ignored"] = retainedCommandsIgnored;
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string HubDeviceState::config(const HubDiscovery& discovery) const {
  std::vector<const CheckedEntity*> entities;
  for (const Property& property : properties)
    entities.push_back(&property.entity);
  return discovery.deviceConfig(id, about, entities, removed);
}

std::map<std::string, std::string> HubDeviceState::components() const {
  std::map<std::string, std::string> all;
  for (const Property& property : properties)
    all[property.entity.property] = property.entity.component;
  return all;
}

std::vector<std::string> HubDeviceState::stateTopics(const HubDiscovery& discovery, const std::string& device,
                                                     const CheckedEntity& entity) {
  std::vector<std::string> topics;
  if (!entity.positionProperty.empty())
    topics.push_back(discovery.property(device, entity.positionProperty, "state"));
  if (entity.hasState) topics.push_back(discovery.property(device, entity.property, "state"));
  return topics;
}

}  // namespace deskd
