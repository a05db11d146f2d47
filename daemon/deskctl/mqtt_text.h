// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/deskctl/overview.h"

namespace deskd {

// What `deskctl mqtt` prints: 80 columns at most.
std::string mqttText(const Overview& overview, const std::vector<MessageRow>& messages);
std::string mqttJson(const Overview& overview, const std::vector<MessageRow>& messages);

}  // namespace deskd
