// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/deskd/settings.h"

namespace deskd {

// What is wrong with the files that [mqtt] names, and with the credential that may hold the password: a line
// for each, "FILE:LINE:COLUMN: mqtt.ca_file: ...". Looks for PEM text; whether certificate and key fit
// together shows only when a connection is made. Nothing without a broker.
std::vector<std::string> mqttFileMistakes(const Settings& settings);

}  // namespace deskd
