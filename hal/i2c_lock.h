// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "hal/base/unique_fd.h"

namespace deskd {

// The queue of the processes that use one bus: a file lock, so that the kernel ends it when its holder dies.
// Other programs can join in with flock(1).
class I2cLock {
 public:
  explicit I2cLock(UniqueFd file) : file_(std::move(file)) {}
  // Waits for as long as it takes.
  void lock();
  void unlock();

 private:
  const UniqueFd file_;
};

// For "i2c-1": on its device node, or, for a simulated board, on a file beside the board's socket.
std::unique_ptr<I2cLock> openI2cLock(const std::string& bus, const std::string& boardSocket);

}  // namespace deskd
