// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_version.h"

#define PAHO_MQTTPP_VERSIONS
#include <MQTTAsync.h>
#include <mqtt/async_client.h>

#include <cstring>

namespace deskd {

std::string mqttLibraryVersion() {
  const auto part = [](unsigned shift) { return std::to_string(mqtt::PAHO_MQTTPP_VERSION >> shift & 0xFF); };
  std::string text = part(24) + "." + part(16) + "." + part(8);
  for (const MQTTAsync_nameValue* info = MQTTAsync_getVersionInfo(); info->name != nullptr; ++info)
    if (std::strcmp(info->name, "Version") == 0) text += std::string(" (Paho C ") + info->value + ")";
  return text;
}

}  // namespace deskd
