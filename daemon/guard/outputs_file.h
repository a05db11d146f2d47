// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hal/gpio.h"

namespace deskd {

// A GPIO line that moves something: how it is held, and which level is safe.
struct GuardedLine {
  GpioAddress address;
  bool safe = false;  // logical
  bool activeLow = false;
  GpioDrive drive = GpioDrive::pushPull;
  GpioBias bias = GpioBias::asIs;
  std::string script;  // that declared it
  bool operator==(const GuardedLine&) const = default;
};

// A serial device that stops when it is sent these bytes.
struct GuardedPort {
  std::string path;
  std::vector<std::uint8_t> bytes;
  std::string script;
  bool operator==(const GuardedPort&) const = default;
};

// What has to be made safe when the guard is gone, kept where another process finds it: the next guard, or
// `deskd-guard --release`.
struct GuardedOutputs {
  std::vector<GuardedLine> lines;
  std::vector<GuardedPort> ports;
  bool operator==(const GuardedOutputs&) const = default;
};

// One line each, with tabs between its fields: `gpio CHIP OFFSET safe=0|1 active-low=0|1 drive=D bias=B
// SCRIPT` and `serial HEX PATH SCRIPT`. Readers find the old content or the new one.
void writeOutputsFile(const std::string& path, const GuardedOutputs& outputs);
// A file that is not there holds nothing. A line that makes no sense is left out and told to `complain`: the
// others are to be made safe all the same.
GuardedOutputs readOutputsFile(const std::string& path, std::vector<std::string>& complaints);

}  // namespace deskd
