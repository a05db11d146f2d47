// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub_commands.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "daemon/deskd/hub_checked.h"
#include "daemon/deskd/hub_topics.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

enum Subscriptions : SubscriptionId { commands = 1, storedCommands = 2 };

std::string errorJson(const char* code, const std::string& text, const std::string& payload) {
  const nlohmann::json error{{"code", code}, {"message", text}, {"payload", payload.substr(0, 200)}};
  return error.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

HubCommands::HubCommands(MqttLink& link, MqttRouter& router, MqttOwner owner, const HubDiscovery& discovery,
                         Devices& devices, Handlers handlers)
    : link_(link),
      router_(router),
      owner_(owner),
      discovery_(discovery),
      devices_(devices),
      handlers_(std::move(handlers)) {
  MqttSubscription acting;
  acting.wantRetained = false;
  acting.retainAsPublished = true;
  router_.subscribe(owner_, commands, discovery_.commandFilter(), acting,
                    [this](const MqttMessage& message) { received(message); });
}

void HubCommands::connected() {
  // Only MQTT 5 hides stored commands from the subscription that acts; 3.1.1 shows them to it, flagged.
  const bool wanted = link_.protocolVersion() == 5;
  if (wanted && !searching_) {
    MqttSubscription search;
    search.qos = 0;
    search.retainAsPublished = true;
    router_.subscribe(owner_, storedCommands, discovery_.commandFilter() + "/#", search,
                      [this](const MqttMessage& message) { receivedStored(message); });
  } else if (!wanted && searching_) {
    router_.unsubscribe(owner_, storedCommands);
  }
  searching_ = wanted;
}

void HubCommands::sendError(const std::string& device, const std::string& property, const std::string& json) {
  if (link_.connected())
    link_.publish(hubMessage(discovery_.property(device, property, "error"), json, false), {});
}

std::uint64_t HubCommands::retainedIgnored(const std::string& device) const {
  const auto ignored = ignoredOf_.find(device);
  return ignored == ignoredOf_.end() ? 0 : ignored->second;
}

void HubCommands::received(const MqttMessage& message) {
  std::string id;
  std::string property;
  if (!discovery_.parseCommand(message.topic, id, property)) return;
  if (message.retained) {
    if (!searching_) ignoreRetained(message.topic, id, property, message.payload);
    return;
  }
  if (message.payload.empty()) return;  // somebody, perhaps we, has cleared a stored command
  const auto found = devices_.find(id);
  if (found == devices_.end() || !found->second.owner) {
    const std::string text = "the script of device \"" + id + "\" is not running";
    return sendError(id, property, errorJson("ERR_OFFLINE", text, message.payload));
  }
  command(found->second, property, message.payload);
}

void HubCommands::command(HubDeviceState& device, const std::string& property, const std::string& payload) {
  const HubDeviceState::Property* found = device.findByTopic(property);
  if (found == nullptr || !found->entity.hasCommand) {
    const std::string text = "device \"" + device.id + "\" takes no commands for \"" + property +
                             "\"; it takes them for: " + device.commandNames();
    return sendError(device.id, property, errorJson("ERR_UNKNOWN_PROPERTY", text, payload));
  }
  std::string checked;
  try {
    if (payload.size() > Hub::maxCommandBytes) {
      throw std::invalid_argument("expected at most " + std::to_string(Hub::maxCommandBytes) +
                                  " bytes, found " + std::to_string(payload.size()));
    }
    checked = commandPayload(found->entity, property, payload);
  } catch (const std::invalid_argument& error) {
    return sendError(device.id, property, errorJson("ERR_INVALID_COMMAND", error.what(), payload));
  }
  const MqttOwner owner = *device.owner;
  if (handlers_.onCommand) handlers_.onCommand(owner, property, checked);  // may change anything here
}

// MQTT 5: what the broker has stored under command topics. Commands sent now come here too, and are not ours.
void HubCommands::receivedStored(const MqttMessage& message) {
  std::string id;
  std::string property;
  if (!message.retained || !discovery_.parseCommand(message.topic, id, property)) return;
  ignoreRetained(message.topic, id, property, message.payload);
}

void HubCommands::ignoreRetained(const std::string& topic, const std::string& id, const std::string& property,
                                 const std::string& payload) {
  if (payload.empty()) return;  // the clearing itself, as its sender published it
  ++retainedIgnored_;
  constexpr std::size_t mostLogged = 1000;
  if (logged_.size() < mostLogged && logged_.insert(topic).second) {
    log(Priority::warning,
        "ignoring a retained command on " + topic + " and clearing it; commands must not be retained");
  }
  if (link_.connected()) link_.publish(hubMessage(topic, "", true), {});
  const char* text = "commands must not be retained; it was not carried out";
  sendError(id, property, errorJson("ERR_RETAINED_COMMAND", text, payload));
  constexpr std::size_t mostDevices = 1000;
  if (ignoredOf_.size() >= mostDevices && !ignoredOf_.contains(id)) return;
  const std::uint64_t count = ++ignoredOf_[id];
  const auto device = devices_.find(id);
  if (device == devices_.end()) return;
  device->second.retainedCommandsIgnored = count;
  handlers_.attributesChanged(device->second);
}

}  // namespace deskd
