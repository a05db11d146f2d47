// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "hal/gpio.h"
#include "hal/i2c.h"

namespace deskd {

// The hardware that a program has: this machine's own, or a simulated board's.
class Board {
 public:
  virtual ~Board() = default;
  virtual GpioChips& gpio() = 0;
  // `bus`: a number ("1"), a name ("i2c-1") or a path ("/dev/i2c-1"). Throws std::system_error naming it and
  // the buses that there are. May be used by one thread; open it once more for another.
  virtual std::unique_ptr<I2cBus> i2c(const std::string& bus) = 0;
};

std::unique_ptr<Board> makeLinuxBoard();
std::unique_ptr<GpioChips> makeLinuxGpio();                    // gpio_linux.cpp
std::unique_ptr<I2cBus> openLinuxI2c(const std::string& bus);  // i2c_dev.cpp

// Of a board that `deskd-sim --board SOCKET` simulates, perhaps in another process
// (board_client.cpp).
std::unique_ptr<Board> makeSimBoard(const std::string& socketPath);

// Makes the board when it is first asked for: the one behind `socketPath`, or this machine's own if that is
// empty.
std::function<Board&()> lazyBoard(std::string socketPath);

}  // namespace deskd
