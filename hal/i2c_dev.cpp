// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include "hal/base/error.h"
#include "hal/board.h"

namespace deskd {

std::unique_ptr<I2cBus> openLinuxI2c(const std::string& bus) {
  throwErrno(ENOSYS, "open", bus);
}

}  // namespace deskd
