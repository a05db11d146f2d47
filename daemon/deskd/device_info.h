// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/deskd/hub_entity.h"

namespace deskd {

// What a script says of its device (JSON, see deskd:hub), with the title of its settings if they have one.
// Throws std::invalid_argument.
HubDevice parseDeviceInfo(const std::string& json, const std::string& title);

}  // namespace deskd
