// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <utility>

#include "daemon/deskd/hub_announcer.h"
#include "daemon/deskd/hub_checked.h"
#include "daemon/deskd/hub_commands.h"
#include "daemon/deskd/hub_device.h"
#include "daemon/deskd/hub_discovery.h"
#include "daemon/deskd/hub_topics.h"
#include "daemon/deskd/settings.h"
#include "hal/base/error.h"

namespace deskd {
namespace {

constexpr MqttOwner hubOwner = 0;
constexpr SubscriptionId birth = 3;  // the others are HubCommands'

}  // namespace

class Hub::Impl {
 public:
  using Device = HubDeviceState;

  Impl(Loop& loop, MqttLink& link, MqttRouter& router, HubOptions options, OnCommand onCommand)
      : link_(link),
        router_(router),
        options_(std::move(options)),
        discovery_(options_.prefix, options_.discoveryPrefix, options_.node, options_.version),
        topics_(link, options_.stateDirectory, [this] { announcer_.wake(); }),
        announcer_(loop, options_, discovery_, devices_, topics_),
        commands_(link, router, hubOwner, discovery_, devices_,
                  {std::move(onCommand), [this](const Device& device) { keepAttributes(device); }}),
        birthTimer_(loop, [this] { sendAll(); }) {
    clearImpossible();
    // Whatever ended the last run may have left them "online". Declaring a device says otherwise again.
    for (const auto& [topic, components] : topics_.stale())
      if (discovery_.isDeviceStatus(topic)) topics_.keepStale(topic, "offline");
    keep(discovery_.nodeStatus(), "online");  // goes out with each connection
    if (options_.discovery == Discovery::off) return;
    MqttSubscription fresh;
    fresh.wantRetained = false;
    router_.subscribe(hubOwner, birth, discovery_.birth(), fresh,
                      [this](const MqttMessage& message) { hubStatus(message); });
    keep(discovery_.nodeConfigTopic(), discovery_.nodeConfig());
  }

  ~Impl() { router_.dropOwner(hubOwner); }

  // Declarations
  // ----------------------------------------------------------------------------------------------------

  void declareDevice(MqttOwner owner, const std::string& id, const HubDevice& about) {
    if (!isId(id)) {
      throw std::invalid_argument("device \"" + id +
                                  "\": expected 1 to 64 of a-z, 0-9 and -, with no - at either end");
    }
    const auto mine = owners_.find(owner);
    if (mine != owners_.end() && mine->second != id) {
      throw CodedError("ERR_IN_USE", "this script has the device \"" + mine->second + "\" already");
    }
    const auto [entry, isNew] = devices_.try_emplace(id);
    Device& device = entry->second;
    if (device.owner && *device.owner != owner) {
      throw CodedError("ERR_IN_USE", "another script has the device \"" + id + "\" already");
    }
    device.about = about;
    if (!device.owner) {
      device.id = id;
      device.owner = owner;
      device.retainedCommandsIgnored = commands_.retainedIgnored(id);
      owners_[owner] = id;
      for (Device::Property& property : device.properties)
        property.declared = false;
      keep(discovery_.deviceStatus(id), "offline");
      keepAttributes(device);
    }
    announcer_.soon(id);
  }

  void declareEntity(MqttOwner owner, const HubEntity& wanted) {
    Device& device = deviceOf(owner);
    CheckedEntity entity = checkEntity(wanted);
    Device::Property* known = device.find(entity.property);
    const Device::Property* other = device.findByTopic(entity.property);
    if (other != nullptr && other != known) {
      throw std::invalid_argument(entity.property + ": is the position of " + other->entity.property);
    }
    if (!entity.positionProperty.empty() && device.find(entity.positionProperty) != nullptr) {
      throw std::invalid_argument(entity.property + ": its position's name, " + entity.positionProperty +
                                  ", is another property's");
    }
    if (known == nullptr) {
      if (device.properties.size() >= maxEntities) {
        throw std::invalid_argument(entity.property + ": expected at most " + std::to_string(maxEntities) +
                                    " entities for a device");
      }
      device.properties.push_back({std::move(entity), true});
    } else {
      if (known->entity.component != entity.component) forget(device, *known);
      *known = {std::move(entity), true};
    }
    device.removed.erase(wanted.property);
    for (const std::string& topic :
         Device::stateTopics(discovery_, device.id, device.find(wanted.property)->entity)) {
      topics_.declared(topic);
    }
    announcer_.soon(device.id);
  }

  void removeEntity(MqttOwner owner, const std::string& property) {
    Device& device = deviceOf(owner);
    Device::Property* found = device.find(property);
    if (found == nullptr) throw std::invalid_argument(property + ": there is no such entity to remove");
    remove(device, *found);
  }

  void declared(MqttOwner owner) {
    Device& device = deviceOf(owner);
    for (std::size_t i = device.properties.size(); i-- > 0;) {
      if (!device.properties[i].declared) remove(device, device.properties[i]);
    }
    announcer_.now(device.id);  // so that what is stale below was not just about to be announced
    takeBackComponents(device);
    topics_.clearStale([&](const std::string& topic) { return discovery_.belongsTo(topic, device.id); });
  }

  void clearStale(const std::set<std::string>& expected) {
    topics_.clearStale([&](const std::string& topic) {
      return std::none_of(expected.begin(), expected.end(),
                          [&](const std::string& id) { return discovery_.belongsTo(topic, id); });
    });
    topics_.flush();
  }

  void dropOwner(MqttOwner owner) {
    const auto mine = owners_.find(owner);
    if (mine == owners_.end()) return;
    const std::string id = mine->second;
    owners_.erase(mine);
    devices_.at(id).owner.reset();
    keep(discovery_.deviceStatus(id), "offline");
  }

  void setScriptState(const std::string& id, const std::string& state) {
    const std::string topic = discovery_.property(id, "script", "state");
    if (devices_.contains(id) || topics_.known().contains(topic)) keep(topic, state);
  }

  void clearDevice(const std::string& id) {
    const auto known = devices_.find(id);
    if (known != devices_.end() && known->second.owner) return;
    topics_.clearKnown([&](const std::string& topic) { return discovery_.belongsTo(topic, id); });
    devices_.erase(id);
    announcer_.forget(id);
    topics_.flush();
  }

  // Values
  // ----------------------------------------------------------------------------------------------------------

  void setState(MqttOwner owner, const std::string& property, const std::string& valueJson) {
    Device& device = deviceOf(owner);
    const CheckedEntity& entity = entityOf(device, property);
    std::string payload = statePayload(entity, property, valueJson);
    if (payload == "stopped") payload = restingState(device, entity);
    keep(discovery_.property(device.id, property, "state"), payload);
  }

  void setAttributes(MqttOwner owner, const std::string& objectJson) {
    Device& device = deviceOf(owner);
    if (objectJson.size() > maxJsonBytes) {
      throw std::invalid_argument("attributes: expected at most " + std::to_string(maxJsonBytes) +
                                  " bytes, found " + std::to_string(objectJson.size()));
    }
    const nlohmann::json object = nlohmann::json::parse(objectJson, nullptr, false);
    if (!object.is_object()) throw std::invalid_argument("attributes: expected an object");
    device.attributesJson = objectJson;
    keepAttributes(device);
  }

  void fireEvent(MqttOwner owner, const std::string& property, const std::string& eventJson) {
    Device& device = deviceOf(owner);
    const std::string payload = eventPayload(entityOf(device, property), eventJson);
    if (!link_.connected()) {
      throw CodedError("ERR_OFFLINE",
                       property + ": there is no connection to the broker, and events are not kept");
    }
    link_.publish(hubMessage(discovery_.property(device.id, property, "event"), payload, false), {});
  }

  void reportError(MqttOwner owner, const std::string& property, const std::string& json) {
    const Device& device = deviceOf(owner);
    if (json.size() > maxJsonBytes || !nlohmann::json::accept(json)) {
      throw std::invalid_argument(property + ": expected an error as JSON, of at most " +
                                  std::to_string(maxJsonBytes) + " bytes");
    }
    if (!isId(property))
      throw std::invalid_argument("property \"" + property + "\": expected a property's name");
    commands_.sendError(device.id, property, json);
  }

  void setAvailable(MqttOwner owner, bool available) {
    keep(discovery_.deviceStatus(deviceOf(owner).id), available ? "online" : "offline");
  }

  // The connection
  // --------------------------------------------------------------------------------------------------

  void connected() {
    commands_.connected();
    sendAll();
  }

  void stop() {
    announcer_.stop();
    birthTimer_.stop();
    // The node's first, and past the cache's queue: it makes every device unavailable.
    if (link_.connected()) link_.publish(hubMessage(discovery_.nodeStatus(), "offline", true), {});
    keep(discovery_.nodeStatus(), "offline");
    for (const auto& [id, device] : devices_)
      keep(discovery_.deviceStatus(id), "offline");
    topics_.flush();
  }

  std::uint64_t retainedCommandsIgnored() const { return commands_.retainedIgnored(); }

  std::vector<std::string> entities(MqttOwner owner) const {
    std::vector<std::string> names;
    const auto mine = owners_.find(owner);
    if (mine == owners_.end()) return names;
    for (const Device::Property& property : devices_.at(mine->second).properties)
      names.push_back(property.entity.property);
    return names;
  }

 private:
  Device& deviceOf(MqttOwner owner) {
    const auto mine = owners_.find(owner);
    if (mine == owners_.end()) throw std::invalid_argument("expected the device to be declared first");
    return devices_.at(mine->second);
  }

  static const CheckedEntity& entityOf(Device& device, const std::string& property) {
    const Device::Property* found = device.findByTopic(property);
    if (found == nullptr) throw std::invalid_argument(property + ": there is no such entity");
    return found->entity;
  }

  // A state "stopped" keeps a hub from seeing that a cover is closed: at rest it is one or the other.
  std::string restingState(const Device& device, const CheckedEntity& entity) const {
    if (entity.positionProperty.empty()) return "stopped";
    const std::string* position =
        topics_.find(discovery_.property(device.id, entity.positionProperty, "state"));
    if (position == nullptr || *position == "None") return "stopped";
    return *position == std::to_string(entity.positionClosed) ? "closed" : "open";
  }

  // Sending
  // ---------------------------------------------------------------------------------------------------------

  void keep(const std::string& topic, const std::string& payload) { topics_.keep(topic, payload); }

  void keepAttributes(const Device& device) { keep(discovery_.attributes(device.id), device.attributes()); }

  void hubStatus(const MqttMessage& message) {
    // A stored one says nothing new: all was sent when the connection was made.
    if (message.retained || message.payload != "online") return;
    const double share = options_.random ? options_.random() : 0.5;
    const auto delay = static_cast<std::int64_t>(static_cast<double>(options_.birthDelay.count()) * share);
    birthTimer_.start(Milliseconds(delay));
  }

  // Discovery, availability, and the states, positions before those of covers.
  void sendAll() {
    std::vector<std::string> order{discovery_.nodeConfigTopic()};
    for (const auto& [id, device] : devices_) {
      order.push_back(discovery_.deviceConfigTopic(id));
      for (const Device::Property& property : device.properties) {
        order.push_back(
            discovery_.entityConfigTopic(property.entity.component, id, property.entity.property));
      }
    }
    // The node's comes after those of its devices: until then all of them are unavailable, as they should be.
    for (const auto& [id, device] : devices_)
      order.push_back(discovery_.deviceStatus(id));
    order.push_back(discovery_.nodeStatus());
    for (const auto& [id, device] : devices_) {
      for (const Device::Property& property : device.properties) {
        for (const std::string& topic : Device::stateTopics(discovery_, id, property.entity))
          order.push_back(topic);
      }
      order.push_back(discovery_.attributes(id));
    }
    topics_.resend(order);
  }

  // Removing
  // --------------------------------------------------------------------------------------------------------

  // Takes back what was published for an entity. The entity itself stays.
  void forget(Device& device, const Device::Property& property) {
    const CheckedEntity& entity = property.entity;
    for (const std::string& topic : Device::stateTopics(discovery_, device.id, entity)) {
      if (topics_.known().contains(topic)) topics_.clear(topic);
    }
    if (options_.discovery == Discovery::device) {
      device.removed[entity.property] = entity.component;
    } else {
      const std::string config = discovery_.entityConfigTopic(entity.component, device.id, entity.property);
      if (topics_.known().contains(config)) topics_.clear(config);
    }
  }

  void remove(Device& device, Device::Property& property) {
    forget(device, property);
    device.properties.erase(device.properties.begin() + (&property - device.properties.data()));
    announcer_.soon(device.id);
  }

  // A device configuration of an earlier run may hold components that this run has not declared: omitting
  // them would not remove them.
  void takeBackComponents(Device& device) {
    const auto earlier = topics_.takeEarlier(discovery_.deviceConfigTopic(device.id));
    if (earlier.empty()) return;
    for (const auto& [property, component] : earlier)
      if (device.find(property) == nullptr) device.removed[property] = component;
    if (!device.removed.empty()) announcer_.soon(device.id);
  }

  // At the start: topics of another prefix, node or form of discovery, which this run cannot declare again.
  void clearImpossible() {
    const auto possible = [&](const std::string& topic) {
      switch (discovery_.kindOf(topic)) {
        case HubDiscovery::Kind::none:
          return discovery_.isOurs(topic);
        case HubDiscovery::Kind::node:
          return options_.discovery != Discovery::off;
        case HubDiscovery::Kind::entity:
          return options_.discovery == Discovery::entity;
        case HubDiscovery::Kind::device:
          return options_.discovery == Discovery::device;
      }
      return false;
    };
    topics_.clearStale([&](const std::string& topic) { return !possible(topic); });
  }

  MqttLink& link_;
  MqttRouter& router_;
  const HubOptions options_;
  const HubDiscovery discovery_;
  std::map<std::string, Device> devices_;
  std::map<MqttOwner, std::string> owners_;
  HubTopics topics_;
  HubAnnouncer announcer_;
  HubCommands commands_;
  Timer birthTimer_;
};

Hub::Hub(Loop& loop, MqttLink& link, MqttRouter& router, HubOptions options, OnCommand onCommand)
    : impl_(std::make_unique<Impl>(loop, link, router, std::move(options), std::move(onCommand))) {}

Hub::~Hub() = default;

MqttMessage Hub::will(const std::string& prefix, const std::string& node) {
  return hubMessage(HubDiscovery(prefix, "", node, "").nodeStatus(), "offline", true);
}

void Hub::declareDevice(MqttOwner owner, const std::string& device, const HubDevice& description) {
  impl_->declareDevice(owner, device, description);
}
void Hub::declareEntity(MqttOwner owner, const HubEntity& entity) {
  impl_->declareEntity(owner, entity);
}
void Hub::removeEntity(MqttOwner owner, const std::string& property) {
  impl_->removeEntity(owner, property);
}
void Hub::declared(MqttOwner owner) {
  impl_->declared(owner);
}
void Hub::setState(MqttOwner owner, const std::string& property, const std::string& valueJson) {
  impl_->setState(owner, property, valueJson);
}
void Hub::setAttributes(MqttOwner owner, const std::string& objectJson) {
  impl_->setAttributes(owner, objectJson);
}
void Hub::fireEvent(MqttOwner owner, const std::string& property, const std::string& eventJson) {
  impl_->fireEvent(owner, property, eventJson);
}
void Hub::reportError(MqttOwner owner, const std::string& property, const std::string& errorJson) {
  impl_->reportError(owner, property, errorJson);
}
void Hub::setAvailable(MqttOwner owner, bool available) {
  impl_->setAvailable(owner, available);
}
void Hub::dropOwner(MqttOwner owner) {
  impl_->dropOwner(owner);
}
void Hub::clearDevice(const std::string& device) {
  impl_->clearDevice(device);
}
void Hub::clearStale(const std::set<std::string>& expected) {
  impl_->clearStale(expected);
}
void Hub::connected() {
  impl_->connected();
}
void Hub::stop() {
  impl_->stop();
}
void Hub::setScriptState(const std::string& device, const std::string& state) {
  impl_->setScriptState(device, state);
}

std::vector<std::string> Hub::entities(MqttOwner owner) const {
  return impl_->entities(owner);
}
std::uint64_t Hub::retainedCommandsIgnored() const {
  return impl_->retainedCommandsIgnored();
}

}  // namespace deskd
