// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace deskd {

// A key of Home Assistant's discovery configuration that a script may set.
struct HubKey {
  std::string name;
  std::string shortName;
  // What was expected instead of this value, or "" if it is right.
  std::function<std::string(const nlohmann::json&)> expected;
};

// Those of one component; null for a component that deskd does not know.
const std::vector<HubKey>* hubKeys(const std::string& component);
std::vector<std::string> hubComponents();

// Why a key that is none of a component's keys is refused although Home Assistant has it; "" if it has not.
std::string reservedKeyReason(const std::string& key);

// The units a device class allows; empty: any.
std::vector<std::string> unitsOf(const std::string& deviceClass);

// "one of "a", "b"".
std::string oneOf(const std::vector<std::string>& words);

}  // namespace deskd
