// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "daemon/deskctl/command.h"

namespace deskd {

void addVersion(Commands& commands) {
  commands.add("version", "Print the version", [](const Context&) {
    std::puts("deskctl " DESKD_VERSION);
    return exitGood;
  });
}

}  // namespace deskd
