// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "daemon/deskd/mqtt_settings.h"

namespace deskd {

// The first line of a file that only its owner, and at most its group for reading, may touch. Throws
// std::runtime_error naming the file, its mode and the command that mends it, or std::system_error if it
// cannot be read.
std::string readSecretFile(const std::string& path);

// A credential that systemd passed to the service (LoadCredential=), or nothing.
std::optional<std::string> readCredential(const std::string& name);

// The broker's password: from password_file if set, else the credential "mqtt-password", else none.
std::optional<std::string> mqttPassword(const MqttSettings& settings);

}  // namespace deskd
