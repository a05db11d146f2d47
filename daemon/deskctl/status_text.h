// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "daemon/deskctl/overview.h"
#include "daemon/deskctl/text.h"

namespace deskd {

// What `deskctl status` prints: 80 columns at most. `nowUs`: the wall clock.
std::string statusText(const Overview& overview, std::uint64_t nowUs, Colour colour);
std::string statusJson(const Overview& overview);
// What `deskctl list` prints: names and states.
std::string listText(const std::vector<ScriptRow>& scripts, Colour colour);

}  // namespace deskd
