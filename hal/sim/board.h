// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hal/sim/faults.h"
#include "hal/sim/header.h"
#include "hal/sim/i2c_bus.h"
#include "hal/sim/line_requests.h"
#include "hal/sim/lines.h"

namespace deskd {

struct SimBoardOptions {
  SimHeader header = SimHeader::pi4;
  std::vector<std::string> i2cBuses{"i2c-1"};
  bool kernelDebounce = true;  // false: as with libgpiod 1.6
};

// A simulated board, without what it needs a loop for: lines, who holds them, I2C buses, faults. Time is
// handed in, nanoseconds that only grow.
class SimBoard {
 public:
  explicit SimBoard(const SimBoardOptions& options);

  SimLines& lines() { return lines_; }
  SimLineRequests& requests() { return requests_; }
  SimFaults& faults() { return faults_; }
  // By number, name or path: "1", "i2c-1", "/dev/i2c-1". Throws std::system_error that lists the buses.
  SimI2cBus& bus(const std::string& name);
  std::vector<std::string> busNames() const;

  void advance(std::uint64_t nowNs);
  std::optional<std::uint64_t> nextNs() const;

 private:
  SimLines lines_;
  SimLineRequests requests_;
  SimFaults faults_;
  std::map<std::string, SimI2cBus> buses_;
};

// The earlier of two times, either of which may be absent.
std::optional<std::uint64_t> earlier(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b);

}  // namespace deskd
