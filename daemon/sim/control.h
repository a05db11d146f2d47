// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hal/sim/jiecang_runner.h"

namespace deskd {

// Does one line of what `deskd-sim --help` lists; returns "ok", the state, or "error: ...".
std::string obey(JiecangRunner& runner, std::string_view line);

}  // namespace deskd
