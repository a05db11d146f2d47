// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/deskd/hub_entity.h"

namespace deskd {

// An entity whose declaration was found right, and what its values are checked against.
struct CheckedEntity {
  std::string property;
  std::string component;
  std::string config;  // JSON object, every key in its abbreviated form, name included
  bool hasState = false;
  bool hasCommand = false;
  bool hasAttributes = false;
  std::string positionProperty;  // of a cover with a position

  bool numeric = false;         // state is a number
  std::optional<int> decimals;  // of a sensor that says how precise it is: always so many ("72.0")
  std::optional<double> min;    // of a number entity
  std::optional<double> max;
  std::vector<std::string>
      words;  // options of a select or an enum sensor, types of an event; empty: anything
  int positionClosed = 0;
  int positionOpen = 100;
};

// Throws std::invalid_argument for what a hub would reject, drop without a word or choke on, naming property,
// key, what was expected and what was found. The rules are those of Home Assistant's MQTT schemas (2025.1.4)
// where they are stricter in newer versions, the newer ones.
CheckedEntity checkEntity(const HubEntity& entity);

// The payload for a state, from a JSON value. `property` is the entity's or its position's. Throws
// std::invalid_argument.
std::string statePayload(const CheckedEntity& entity, const std::string& property,
                         const std::string& valueJson);

// The command as the script gets it: words in capitals, numbers and options as they came. Throws
// std::invalid_argument.
std::string commandPayload(const CheckedEntity& entity, const std::string& property,
                           const std::string& payload);

// A JSON object with an event_type that the entity has declared, compact. Throws std::invalid_argument.
std::string eventPayload(const CheckedEntity& entity, const std::string& eventJson);

// "standing-desk" -> "Standing desk".
std::string displayName(const std::string& id);

}  // namespace deskd
