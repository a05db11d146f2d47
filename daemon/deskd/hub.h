// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/deskd/hub_entity.h"
#include "daemon/deskd/mqtt_router.h"
#include "daemon/deskd/mqtt_settings.h"
#include "hal/base/loop.h"

namespace deskd {

struct HubOptions {
  std::string node;
  std::string prefix = "deskd";
  std::string discoveryPrefix = "homeassistant";
  Discovery discovery = Discovery::entity;
  std::string version;             // of deskd
  std::string stateDirectory;      // holds published.json; empty: nothing is remembered
  std::function<double()> random;  // uniform in [0, 1)
  // Declarations that come within this are announced together; a device configuration, which a hub mishandles
  // when it comes twice in a moment, waits longer and is not repeated sooner than deviceGap.
  Milliseconds entityDelay = Milliseconds(20);
  Milliseconds deviceDelay = Milliseconds(250);
  Milliseconds deviceGap = Milliseconds(2000);
  Milliseconds birthDelay =
      Milliseconds(5000);  // times random(): when all is sent again after the hub has started
};

// Makes scripts' devices known to a hub (Home Assistant's MQTT discovery; openHAB and Domoticz read the
// same), keeps their states at the broker, and hands commands on.
//
// An owner is a script's host; it has at most one device. All names are checked: bad declarations and values
// throw std::invalid_argument, worded for the script's author, and nothing is published. Values are JSON
// text.
//
// At the start every device that an earlier run announced is "offline", before the node is "online": that run
// may have been killed.
//
// Commands with the retain flag are never acted on: the first of each topic is logged, all are counted (per
// device in its attributes as "retained_commands_ignored") and removed from the broker. Under MQTT 5 they do
// not even reach the subscription that acts: it asks for no stored messages; a second, equal one with the
// text ".../set/#" finds them.
class Hub {
 public:
  using OnCommand = std::function<void(MqttOwner, const std::string& property, const std::string& payload)>;

  // The options' stateDirectory must exist. A damaged published.json is set aside and logged. What the hub
  // keeps at the broker it keeps in a cache of its own, so that no script's publishing takes its room.
  Hub(Loop& loop, MqttLink& link, MqttRouter& router, HubOptions options, OnCommand onCommand);
  ~Hub();

  // Retained "offline" on deskd/<node>/status, for the client's will.
  static MqttMessage will(const std::string& prefix, const std::string& node);

  // An owner's device; calling it again replaces the description. Throws CodedError ERR_IN_USE if another
  // owner that lives has a device of that id. The device is offline until setAvailable().
  void declareDevice(MqttOwner owner, const std::string& device, const HubDevice& description);
  // Needs the device. Declaring a property again replaces it.
  void declareEntity(MqttOwner owner, const HubEntity& entity);
  void removeEntity(MqttOwner owner, const std::string& property);
  // The script has declared all it will: entities that an earlier run announced and this one did not are
  // cleared.
  void declared(MqttOwner owner);

  void setState(MqttOwner owner, const std::string& property, const std::string& valueJson);
  void setAttributes(MqttOwner owner, const std::string& objectJson);
  // Throws CodedError ERR_OFFLINE without a connection: events are not kept.
  void fireEvent(MqttOwner owner, const std::string& property, const std::string& eventJson);
  // Why a command was refused: a JSON object, published to <property>/error. Lost without a connection.
  void reportError(MqttOwner owner, const std::string& property, const std::string& errorJson);
  void setAvailable(MqttOwner owner, bool available);
  // How the script of a device fares, on <device>/script/state; nothing for a device that has never been
  // declared.
  void setScriptState(const std::string& device, const std::string& state);
  // Its process has ended; its device stays known and is offline.
  void dropOwner(MqttOwner owner);

  // Its script was deleted: nothing of it is left, also of what only an earlier run has announced. Does
  // nothing while the device has an owner.
  void clearDevice(const std::string& device);
  // Clears what earlier runs announced for devices that nobody has declared in this one, except for those
  // `expected`: their scripts are there and may succeed yet. For when every script has had time to start.
  void clearStale(const std::set<std::string>& expected);

  // Wired to the client's handler, before MqttRouter::connected(): sends discovery, availability and all
  // states.
  void connected();
  // Publishes offline for all devices and the node. Then stop the client, which waits for them to go out.
  void stop();

  std::uint64_t retainedCommandsIgnored() const;
  // The properties that the owner has declared, or that its device still has of an earlier one.
  std::vector<std::string> entities(MqttOwner owner) const;

  static constexpr std::size_t maxEntities = 64;          // of a device
  static constexpr std::size_t maxStateBytes = 255;       // what a hub takes
  static constexpr std::size_t maxJsonBytes = 16 * 1024;  // of attributes, an event, a configuration
  static constexpr std::size_t maxCommandBytes = 4 * 1024;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace deskd
