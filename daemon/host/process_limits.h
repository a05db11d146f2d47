// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace deskd {

struct ProcessLimits {
  unsigned memoryMib = 128;  // RLIMIT_DATA: everything the process may write to
  unsigned handles = 1000;   // of the script; RLIMIT_NOFILE leaves room for them and the host's own
  // At least: what the supervisor runs with counts if it is more.
  int nice = 5;
  int oomScore = 300;  // from -1000 to 1000; the kernel takes the highest first
};

// What every script's process gives up before it sees a line of JavaScript: more memory than its share, core
// files, new privileges, precedence. Ends the process when `supervisorPid` is no longer its parent or ends.
// Throws std::system_error.
void applyProcessLimits(const ProcessLimits& limits, int supervisorPid);

// What `ps` shows.
void setProcessName(const std::string& name);

}  // namespace deskd
