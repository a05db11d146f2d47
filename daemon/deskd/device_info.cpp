// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/device_info.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace deskd {

HubDevice parseDeviceInfo(const std::string& json, const std::string& title) {
  const auto info = nlohmann::json::parse(json, nullptr, false);
  if (!info.is_object()) throw std::invalid_argument("device: expected an object");
  HubDevice device;
  const std::pair<const char*, std::string*> fields[] = {{"name", &device.title},
                                                         {"manufacturer", &device.manufacturer},
                                                         {"model", &device.model},
                                                         {"serialNumber", &device.serialNumber},
                                                         {"version", &device.softwareVersion},
                                                         {"hardwareVersion", &device.hardwareVersion},
                                                         {"area", &device.suggestedArea}};
  for (const auto& [key, value] : info.items()) {
    bool known = false;
    for (const auto& [name, target] : fields) {
      if (key != name) continue;
      if (!value.is_string())
        throw std::invalid_argument("device: " + key + ": expected text, found " +
                                    value.dump().substr(0, 60));
      *target = value.get<std::string>();
      known = true;
    }
    if (!known)
      throw std::invalid_argument(
          "device: unknown key \"" + key +
          "\"; expected name, manufacturer, model, serialNumber, version, hardwareVersion or area");
  }
  if (!title.empty()) device.title = title;  // what the person wrote wins over what the script's author did
  return device;
}

}  // namespace deskd
