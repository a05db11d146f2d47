// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "daemon/deskd/hub_checked.h"
#include "daemon/deskd/hub_device.h"
#include "daemon/deskd/hub_discovery.h"
#include "daemon/deskd/hub_journal.h"
#include "daemon/deskd/retained_cache.h"
#include "daemon/deskd/settings.h"
#include "hal/base/error.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

constexpr MqttOwner hubOwner = 0;
enum Subscriptions : SubscriptionId { commands = 1, storedCommands = 2, birth = 3 };

MqttMessage value(const std::string& topic, const std::string& payload, bool retained) {
  MqttMessage message;
  message.topic = topic;
  message.payload = payload;
  message.retained = retained;
  return message;
}

std::string errorJson(const char* code, const std::string& text, const std::string& payload) {
  const nlohmann::json error{{"code", code}, {"message", text}, {"payload", payload.substr(0, 200)}};
  return error.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

RetainedCache::Bounds cacheBounds() {
  RetainedCache::Bounds bounds;
  bounds.topics = 100000;  // devices and their entities are bounded; this is only a last resort
  bounds.bytes = 64 * 1024 * 1024;
  return bounds;
}

}  // namespace

class Hub::Impl {
 public:
  using Device = HubDeviceState;

  Impl(Loop& loop, MqttLink& link, MqttRouter& router, HubOptions options, OnCommand onCommand)
      : loop_(loop),
        link_(link),
        router_(router),
        options_(std::move(options)),
        onCommand_(std::move(onCommand)),
        discovery_(options_.prefix, options_.discoveryPrefix, options_.node, options_.version),
        cache_(link, cacheBounds()),
        journal_(options_.stateDirectory),
        announceTimer_(loop, [this] { announce(); }),
        birthTimer_(loop, [this] { sendAll(); }) {
    for (const auto& [topic, components] : journal_.topics())
      stale_[topic] = components;
    clearImpossible();
    // Whatever ended the last run may have left them "online". Declaring a device says otherwise again.
    for (const auto& [topic, components] : stale_)
      if (discovery_.isDeviceStatus(topic)) cache_.put(value(topic, "offline", true));
    MqttSubscription acting;
    acting.wantRetained = false;
    acting.retainAsPublished = true;
    router_.subscribe(hubOwner, commands, discovery_.commandFilter(), acting,
                      [this](const MqttMessage& message) { received(message); });
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
      if (const auto ignored = ignoredOf_.find(id); ignored != ignoredOf_.end()) {
        device.retainedCommandsIgnored = ignored->second;
      }
      owners_[owner] = id;
      for (Device::Property& property : device.properties)
        property.declared = false;
      keep(discovery_.deviceStatus(id), "offline");
      keepAttributes(device);
    }
    announceSoon(id);
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
      stale_.erase(topic);
    }
    announceSoon(device.id);
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
    announceNow(device.id);  // so that what is stale below was not just about to be announced
    takeBackComponents(device);
    std::vector<std::string> gone;
    for (const auto& [topic, components] : stale_) {
      if (discovery_.belongsTo(topic, device.id)) gone.push_back(topic);
    }
    for (const std::string& topic : gone)
      clear(topic);
  }

  void clearStale(const std::set<std::string>& expected) {
    std::vector<std::string> gone;
    for (const auto& entry : stale_) {
      const std::string& topic = entry.first;
      const bool mayCome = std::any_of(expected.begin(), expected.end(), [&](const std::string& id) {
        return discovery_.belongsTo(topic, id);
      });
      if (!mayCome) gone.push_back(topic);
    }
    for (const std::string& topic : gone)
      clear(topic);
    journal_.flush();
  }

  void dropOwner(MqttOwner owner) {
    const auto mine = owners_.find(owner);
    if (mine == owners_.end()) return;
    const std::string id = mine->second;
    owners_.erase(mine);
    devices_.at(id).owner.reset();
    keep(discovery_.deviceStatus(id), "offline");
  }

  void clearDevice(const std::string& id) {
    const auto known = devices_.find(id);
    if (known != devices_.end() && known->second.owner) return;
    std::vector<std::string> gone;
    for (const auto& [topic, components] : journal_.topics()) {
      if (discovery_.belongsTo(topic, id)) gone.push_back(topic);
    }
    for (const std::string& topic : gone)
      clear(topic);
    devices_.erase(id);
    dirty_.erase(id);
    journal_.flush();
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
    link_.publish(value(discovery_.property(device.id, property, "event"), payload, false), {});
  }

  void reportError(MqttOwner owner, const std::string& property, const std::string& json) {
    const Device& device = deviceOf(owner);
    if (json.size() > maxJsonBytes || !nlohmann::json::accept(json)) {
      throw std::invalid_argument(property + ": expected an error as JSON, of at most " +
                                  std::to_string(maxJsonBytes) + " bytes");
    }
    if (!isId(property))
      throw std::invalid_argument("property \"" + property + "\": expected a property's name");
    sendError(device.id, property, json);
  }

  void setAvailable(MqttOwner owner, bool available) {
    keep(discovery_.deviceStatus(deviceOf(owner).id), available ? "online" : "offline");
  }

  // The connection
  // --------------------------------------------------------------------------------------------------

  void connected() {
    // Only MQTT 5 hides stored commands from the subscription that acts; 3.1.1 shows them to it, flagged.
    const bool wanted = link_.protocolVersion() == 5;
    if (wanted && !searching_) {
      MqttSubscription search;
      search.qos = 0;
      search.retainAsPublished = true;
      router_.subscribe(hubOwner, storedCommands, discovery_.commandFilter() + "/#", search,
                        [this](const MqttMessage& message) { receivedStored(message); });
    } else if (!wanted && searching_) {
      router_.unsubscribe(hubOwner, storedCommands);
    }
    searching_ = wanted;
    sendAll();
  }

  void stop() {
    announceTimer_.stop();
    birthTimer_.stop();
    // The node's first, and past the cache's queue: it makes every device unavailable.
    if (link_.connected()) link_.publish(value(discovery_.nodeStatus(), "offline", true), {});
    cache_.put(value(discovery_.nodeStatus(), "offline", true));
    for (const auto& [id, device] : devices_)
      keep(discovery_.deviceStatus(id), "offline");
    journal_.flush();
  }

  std::uint64_t retainedCommandsIgnored() const { return retainedCommandsIgnored_; }

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
        cache_.find(discovery_.property(device.id, entity.positionProperty, "state"));
    if (position == nullptr || *position == "None") return "stopped";
    return *position == std::to_string(entity.positionClosed) ? "closed" : "open";
  }

  // Sending
  // ---------------------------------------------------------------------------------------------------------

  void keep(const std::string& topic, const std::string& payload) {
    stale_.erase(topic);
    if (!journal_.topics().contains(topic)) {
      journal_.add(topic);
      wake();
    }
    cache_.put(value(topic, payload, true));
  }

  void keepAttributes(const Device& device) { keep(discovery_.attributes(device.id), device.attributes()); }

  // Removes a topic at the broker, now or when there is a connection, and from the journal once that is done.
  void clear(const std::string& topic) {
    stale_.erase(topic);
    cache_.put(value(topic, "", true), [this, topic](const MqttResult& result) {
      if (result.stored || !result.ok() || cache_.find(topic) != nullptr) return;
      journal_.remove(topic);
      wake();
    });
  }

  void sendError(const std::string& device, const std::string& property, const std::string& json) {
    if (link_.connected())
      link_.publish(value(discovery_.property(device, property, "error"), json, false), {});
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
    cache_.resend(order);
  }

  // Announcing
  // ------------------------------------------------------------------------------------------------------

  void announceSoon(const std::string& id) {
    if (options_.discovery == Discovery::off) return;
    dirty_.insert(id);
    announceTimer_.start(options_.discovery == Discovery::device ? options_.deviceDelay
                                                                 : options_.entityDelay);
  }

  // The journal shall be written.
  void wake() {
    if (!announceTimer_.active()) announceTimer_.start(options_.entityDelay);
  }

  void announce() {
    const std::set<std::string> ids = std::exchange(dirty_, {});
    Milliseconds again(0);
    for (const std::string& id : ids) {
      const Milliseconds wait = untilDue(id);
      if (wait > Milliseconds(0)) {
        dirty_.insert(id);
        again = again == Milliseconds(0) ? wait : std::min(again, wait);
      } else {
        announceNow(id);
      }
    }
    journal_.flush();
    if (!dirty_.empty()) announceTimer_.start(again);
  }

  Milliseconds untilDue(const std::string& id) const {
    const Device& device = devices_.at(id);
    if (options_.discovery != Discovery::device || !device.announcedAtMs) return Milliseconds(0);
    const auto due = *device.announcedAtMs + static_cast<std::uint64_t>(options_.deviceGap.count());
    const std::uint64_t now = loop_.nowMs();
    return Milliseconds(due > now ? static_cast<std::int64_t>(due - now) : 0);
  }

  void announceNow(const std::string& id) {
    Device& device = devices_.at(id);
    if (options_.discovery == Discovery::device) {
      if (untilDue(id) > Milliseconds(0)) return announceSoon(id);
      announceDevice(device);
    } else if (options_.discovery == Discovery::entity) {
      for (const Device::Property& property : device.properties) {
        const CheckedEntity& entity = property.entity;
        announceConfig(discovery_.entityConfigTopic(entity.component, id, entity.property),
                       discovery_.entityConfig(id, device.about, entity), {});
      }
    }
    dirty_.erase(id);
  }

  void announceDevice(Device& device) {
    if (device.properties.empty() && device.removed.empty()) return;
    const bool sent = announceConfig(discovery_.deviceConfigTopic(device.id), device.config(discovery_),
                                     device.components());
    if (sent) device.announcedAtMs = loop_.nowMs();
  }

  // Written down before it is published: what a crash in between leaves is a note too many, never one too
  // few. False if the broker has it already.
  bool announceConfig(const std::string& topic, const std::string& config,
                      HubJournal::Components components) {
    stale_.erase(topic);
    journal_.add(topic, std::move(components));
    const std::string* known = cache_.find(topic);
    if (known != nullptr && *known == config) return false;
    journal_.flush();
    cache_.put(value(topic, config, true));
    return true;
  }

  // Removing
  // --------------------------------------------------------------------------------------------------------

  // Takes back what was published for an entity. The entity itself stays.
  void forget(Device& device, const Device::Property& property) {
    const CheckedEntity& entity = property.entity;
    for (const std::string& topic : Device::stateTopics(discovery_, device.id, entity)) {
      if (journal_.topics().contains(topic)) clear(topic);
    }
    if (options_.discovery == Discovery::device) {
      device.removed[entity.property] = entity.component;
    } else {
      const std::string config = discovery_.entityConfigTopic(entity.component, device.id, entity.property);
      if (journal_.topics().contains(config)) clear(config);
    }
  }

  void remove(Device& device, Device::Property& property) {
    forget(device, property);
    device.properties.erase(device.properties.begin() + (&property - device.properties.data()));
    announceSoon(device.id);
  }

  // A device configuration of an earlier run may hold components that this run has not declared: omitting
  // them would not remove them.
  void takeBackComponents(Device& device) {
    const auto earlier = earlierComponents_.find(discovery_.deviceConfigTopic(device.id));
    if (earlier == earlierComponents_.end()) return;
    for (const auto& [property, component] : earlier->second) {
      const Device::Property* now = device.find(property);
      if (now == nullptr) device.removed[property] = component;
    }
    earlierComponents_.erase(earlier);
    if (!device.removed.empty()) announceSoon(device.id);
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
    std::vector<std::string> gone;
    for (const auto& [topic, components] : stale_) {
      if (!possible(topic)) gone.push_back(topic);
      if (!components.empty()) earlierComponents_[topic] = components;
    }
    for (const std::string& topic : gone)
      clear(topic);
  }

  // Receiving
  // -------------------------------------------------------------------------------------------------------

  void received(const MqttMessage& message) {
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

  void command(Device& device, const std::string& property, const std::string& payload) {
    const Device::Property* found = device.findByTopic(property);
    if (found == nullptr || !found->entity.hasCommand) {
      const std::string text = "device \"" + device.id + "\" takes no commands for \"" + property +
                               "\"; it takes them for: " + device.commandNames();
      return sendError(device.id, property, errorJson("ERR_UNKNOWN_PROPERTY", text, payload));
    }
    std::string checked;
    try {
      if (payload.size() > maxCommandBytes) {
        throw std::invalid_argument("expected at most " + std::to_string(maxCommandBytes) + " bytes, found " +
                                    std::to_string(payload.size()));
      }
      checked = commandPayload(found->entity, property, payload);
    } catch (const std::invalid_argument& error) {
      return sendError(device.id, property, errorJson("ERR_INVALID_COMMAND", error.what(), payload));
    }
    const MqttOwner owner = *device.owner;
    if (onCommand_) onCommand_(owner, property, checked);  // may change anything here
  }

  // MQTT 5: what the broker has stored under command topics. Commands sent now come here too, and are not
  // ours.
  void receivedStored(const MqttMessage& message) {
    std::string id;
    std::string property;
    if (!message.retained || !discovery_.parseCommand(message.topic, id, property)) return;
    ignoreRetained(message.topic, id, property, message.payload);
  }

  void ignoreRetained(const std::string& topic, const std::string& id, const std::string& property,
                      const std::string& payload) {
    if (payload.empty()) return;  // the clearing itself, as its sender published it
    ++retainedCommandsIgnored_;
    constexpr std::size_t mostLogged = 1000;
    if (logged_.size() < mostLogged && logged_.insert(topic).second) {
      log(Priority::warning,
          "ignoring a retained command on " + topic + " and clearing it; commands must not be retained");
    }
    if (link_.connected()) link_.publish(value(topic, "", true), {});
    const char* text = "commands must not be retained; it was not carried out";
    sendError(id, property, errorJson("ERR_RETAINED_COMMAND", text, payload));
    // Also for a device that is yet to come: stored commands arrive before its script has started.
    constexpr std::size_t mostDevices = 1000;
    if (ignoredOf_.size() >= mostDevices && !ignoredOf_.contains(id)) return;
    const std::uint64_t count = ++ignoredOf_[id];
    const auto device = devices_.find(id);
    if (device == devices_.end()) return;
    device->second.retainedCommandsIgnored = count;
    keepAttributes(device->second);
  }

  void hubStatus(const MqttMessage& message) {
    // A stored one says nothing new: all was sent when the connection was made.
    if (message.retained || message.payload != "online") return;
    const double share = options_.random ? options_.random() : 0.5;
    const auto delay = static_cast<std::int64_t>(static_cast<double>(options_.birthDelay.count()) * share);
    birthTimer_.start(Milliseconds(delay));
  }

  Loop& loop_;
  MqttLink& link_;
  MqttRouter& router_;
  const HubOptions options_;
  const OnCommand onCommand_;
  const HubDiscovery discovery_;
  RetainedCache cache_;
  HubJournal journal_;
  std::map<std::string, HubJournal::Components> stale_;  // announced by earlier runs, not yet by this one
  std::map<std::string, HubJournal::Components> earlierComponents_;  // of earlier runs' device configurations
  std::map<std::string, Device> devices_;
  std::map<MqttOwner, std::string> owners_;
  std::set<std::string> dirty_;  // devices to announce
  std::unordered_set<std::string> logged_;
  std::uint64_t retainedCommandsIgnored_ = 0;
  std::map<std::string, std::uint64_t> ignoredOf_;  // by device
  bool searching_ = false;                          // for stored commands
  Timer announceTimer_;
  Timer birthTimer_;
};

Hub::Hub(Loop& loop, MqttLink& link, MqttRouter& router, HubOptions options, OnCommand onCommand)
    : impl_(std::make_unique<Impl>(loop, link, router, std::move(options), std::move(onCommand))) {}

Hub::~Hub() = default;

MqttMessage Hub::will(const std::string& prefix, const std::string& node) {
  return value(HubDiscovery(prefix, "", node, "").nodeStatus(), "offline", true);
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
std::uint64_t Hub::retainedCommandsIgnored() const {
  return impl_->retainedCommandsIgnored();
}

}  // namespace deskd
