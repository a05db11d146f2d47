// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace deskd {

// Who a device is, for the hub's device page. Empty fields are left out.
struct HubDevice {
  std::string title;  // default: the id, capitalised
  std::string manufacturer;
  std::string model;
  std::string serialNumber;
  std::string softwareVersion;
  std::string hardwareVersion;
  std::string suggestedArea;
};

// One entity of a device as a script declares it.
struct HubEntity {
  std::string property;   // [a-z0-9-]
  std::string component;  // cover, number, sensor, binary_sensor, button, select, switch, event
  // A JSON object of Home Assistant's keys for that component, long or abbreviated, without topics,
  // templates, payloads of state and identity: those are deskd's. "name", "icon", "device_class", "min",
  // "options", ...
  std::string config = "{}";
  // A cover: whether it takes commands. For the others the component decides: a sensor never does, a button
  // always.
  bool hasCommand = true;
  // A cover: whether it has a position, published and set as property "position" (for a cover named otherwise
  // "<property>-position").
  bool hasPosition = true;
  // Shows the device's attributes at this entity. Covers always do.
  bool hasAttributes = false;
};

}  // namespace deskd
