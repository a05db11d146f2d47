// SPDX-License-Identifier: Apache-2.0
#include "hal/i2c_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "hal/base/error.h"

namespace deskd {
namespace {

void setLock(int file, int operation) {
  while (::flock(file, operation) != 0)
    if (errno != EINTR) throwErrno("lock the I2C bus");
}

}  // namespace

void I2cLock::lock() {
  setLock(file_.get(), LOCK_EX);
}

void I2cLock::unlock() {
  setLock(file_.get(), LOCK_UN);
}

std::unique_ptr<I2cLock> openI2cLock(const std::string& bus, const std::string& boardSocket) {
  const bool simulated = !boardSocket.empty();
  const std::string path = simulated ? boardSocket + "." + bus + ".lock" : "/dev/" + bus;
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | (simulated ? O_CREAT : 0), 0666));
  if (!file) throwErrno("open", path);
  return std::make_unique<I2cLock>(std::move(file));
}

}  // namespace deskd
