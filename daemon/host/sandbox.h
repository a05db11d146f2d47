// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace deskd {

// What a script's process needs of this machine, whatever the script does.
struct Sandbox {
  std::string scriptPath;
  std::string libraryPath;                      // of the shipped scripts; may be empty
  std::string boardPath;                        // socket of a simulated board; empty: this machine's devices
  std::vector<std::string> devices = {"/dev"};  // nodes, or directories of them
};

// Shuts this process in, for ever, before it has run a line of JavaScript: it reads the script's directory,
// the shipped scripts, time zones, what /proc says of itself and /sys of devices, uses devices, and that is
// all. Needs no_new_privs. What the kernel cannot do is left out: see landlockVersion(). Throws
// std::system_error.
void enterSandbox(const Sandbox& sandbox);

}  // namespace deskd
