// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>

#include "daemon/deskctl/bus.h"
#include "daemon/deskctl/command.h"
#include "daemon/deskctl/status_text.h"

namespace deskd {
namespace {

std::uint64_t nowUs() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

int status(const Context& context) {
  Bus bus(context.bus);
  Overview overview = bus.overview();
  overview.scripts = bus.scripts();
  std::fputs((context.json ? statusJson(overview) : statusText(overview, nowUs(), colourOfOutput())).c_str(),
             stdout);
  return exitGood;
}

}  // namespace

void addStatus(Commands& commands) {
  commands.add("status", "Show deskd and all scripts", status);
}

}  // namespace deskd
