// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace deskd {

// What [permissions] of a script grants: names as it lists them, "*" for all.
struct DeviceGrants {
  std::vector<std::string> lines;
  std::vector<std::string> i2c;
  std::vector<std::string> serial;
};

// Where this machine has its devices; a test has others.
struct DeviceRoots {
  std::string devices = "/dev";
  std::string classes = "/sys/class";
};

// The nodes below which a script's process opens devices: all of /dev if one of its serial ports can be
// plugged in later, which makes a node that is not there yet, else those that are granted and there. An I2C
// adapter that is plugged in later is for the script's next process.
std::vector<std::string> deviceNodes(const DeviceGrants& grants, const DeviceRoots& roots = {});

}  // namespace deskd
