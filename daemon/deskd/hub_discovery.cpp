// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub_discovery.h"

#include <nlohmann/json.hpp>

namespace deskd {
namespace {

using nlohmann::json;

constexpr int commandExpiryS =
    10;  // a hub that knows it has its broker drop a command that could not be delivered

json aboutJson(const std::string& id, const std::string& name, const HubDevice& about) {
  json device{{"ids", json::array({id})}, {"name", name}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) device[key] = value;
  };
  add("mf", about.manufacturer);
  add("mdl", about.model);
  add("sn", about.serialNumber);
  add("sw", about.softwareVersion);
  add("hw", about.hardwareVersion);
  add("sa", about.suggestedArea);
  return device;
}

}  // namespace

HubDiscovery::HubDiscovery(std::string prefix, std::string discoveryPrefix, std::string node,
                           std::string version)
    : discoveryPrefix_(std::move(discoveryPrefix)),
      node_(std::move(node)),
      version_(std::move(version)),
      base_(std::move(prefix) + "/" + node_) {}

std::string HubDiscovery::property(const std::string& device, const std::string& property,
                                   const char* verb) const {
  return deviceTopic(device) + "/" + property + "/" + verb;
}

bool HubDiscovery::parseCommand(const std::string& topic, std::string& device, std::string& property) const {
  constexpr std::string_view verb = "/set";
  if (!topic.starts_with(base_ + "/") || !topic.ends_with(verb)) return false;
  const std::size_t from = base_.size() + 1;
  if (topic.size() < from + verb.size()) return false;
  const std::string middle = topic.substr(from, topic.size() - from - verb.size());
  const std::size_t slash = middle.find('/');
  if (slash == std::string::npos || middle.find('/', slash + 1) != std::string::npos) return false;
  device = middle.substr(0, slash);
  property = middle.substr(slash + 1);
  return true;
}

std::string HubDiscovery::entityConfigTopic(const std::string& component, const std::string& device,
                                            const std::string& property) const {
  return discoveryPrefix_ + "/" + component + "/" + node_ + "/" + device + "_" + property + "/config";
}

std::string HubDiscovery::deviceConfigTopic(const std::string& device) const {
  return discoveryPrefix_ + "/device/" + node_ + "/" + device + "/config";
}

// No property's: those have a "_" in this place.
std::string HubDiscovery::nodeConfigTopic() const {
  return discoveryPrefix_ + "/binary_sensor/" + node_ + "/status/config";
}

HubDiscovery::Kind HubDiscovery::kindOf(const std::string& topic) const {
  if (!topic.starts_with(discoveryPrefix_ + "/") || !topic.ends_with("/config")) return Kind::none;
  if (topic == nodeConfigTopic()) return Kind::node;
  const std::string rest = topic.substr(discoveryPrefix_.size() + 1);
  const std::string component = rest.substr(0, rest.find('/'));
  if (!rest.starts_with(component + "/" + node_ + "/")) return Kind::none;
  return component == "device" ? Kind::device : Kind::entity;
}

bool HubDiscovery::isDeviceStatus(const std::string& topic) const {
  constexpr std::string_view end = "/status";
  if (!isOurs(topic) || !topic.ends_with(end) || topic == nodeStatus()) return false;
  return topic.find('/', base_.size() + 1) == topic.size() - end.size();
}

bool HubDiscovery::belongsTo(const std::string& topic, const std::string& device) const {
  if (topic.starts_with(deviceTopic(device) + "/") || topic == deviceConfigTopic(device)) return true;
  return kindOf(topic) == Kind::entity && topic.find("/" + node_ + "/" + device + "_") != std::string::npos;
}

namespace {

// What a component is told about its topics, the same in both forms of discovery.
json componentJson(const HubDiscovery& topics, const std::string& uniqueId, const std::string& device,
                   const CheckedEntity& entity) {
  json config = json::parse(entity.config);
  config["uniq_id"] = uniqueId;
  if (entity.hasState) config["stat_t"] = topics.property(device, entity.property, "state");
  if (entity.component == "event") config["stat_t"] = topics.property(device, entity.property, "event");
  if (entity.hasCommand) {
    config["cmd_t"] = topics.property(device, entity.property, "set");
    config["qos"] = 1;
    config["message_expiry_interval"] = commandExpiryS;
  }
  if (!entity.positionProperty.empty()) {
    config["pos_t"] = topics.property(device, entity.positionProperty, "state");
    if (entity.hasCommand) config["set_pos_t"] = topics.property(device, entity.positionProperty, "set");
  }
  if (entity.hasAttributes) config["json_attr_t"] = topics.attributes(device);
  return config;
}

}  // namespace

std::string HubDiscovery::entityConfig(const std::string& device, const HubDevice& about,
                                       const CheckedEntity& entity) const {
  const std::string id = "deskd_" + node_ + "_" + device;
  json config = componentJson(*this, id + "_" + entity.property, device, entity);
  config["avty"] = json::array({{{"t", nodeStatus()}}, {{"t", deviceStatus(device)}}});
  config["avty_mode"] = "all";
  config["dev"] = aboutJson(id, about.title.empty() ? displayName(device) : about.title, about);
  config["dev"]["via_device"] = "deskd_" + node_;
  config["o"] = {{"name", "deskd"}, {"sw", version_}};
  return config.dump();
}

std::string HubDiscovery::deviceConfig(const std::string& device, const HubDevice& about,
                                       const std::vector<const CheckedEntity*>& entities,
                                       const std::map<std::string, std::string>& removed) const {
  const std::string id = "deskd_" + node_ + "_" + device;
  json components = json::object();
  for (const auto& [property, component] : removed)
    components[property] = {{"p", component}};
  for (const CheckedEntity* entity : entities) {
    json config = componentJson(*this, id + "_" + entity->property, device, *entity);
    config["p"] = entity->component;
    components[entity->property] = std::move(config);
  }
  json config;
  config["dev"] = aboutJson(id, about.title.empty() ? displayName(device) : about.title, about);
  config["dev"]["via_device"] = "deskd_" + node_;
  config["o"] = {{"name", "deskd"}, {"sw", version_}};
  config["avty"] = json::array({{{"t", nodeStatus()}}, {{"t", deviceStatus(device)}}});
  config["avty_mode"] = "all";
  config["cmps"] = std::move(components);
  return config.dump();
}

std::string HubDiscovery::nodeConfig() const {
  HubDevice about;
  about.manufacturer = "deskd";
  about.softwareVersion = version_;
  const json config{{"name", "Connection"},
                    {"uniq_id", "deskd_" + node_ + "_status"},
                    {"stat_t", nodeStatus()},
                    {"pl_on", "online"},
                    {"pl_off", "offline"},
                    {"dev_cla", "connectivity"},
                    {"ent_cat", "diagnostic"},
                    {"dev", aboutJson("deskd_" + node_, "deskd " + node_, about)},
                    {"o", {{"name", "deskd"}, {"sw", version_}}}};
  return config.dump();
}

}  // namespace deskd
