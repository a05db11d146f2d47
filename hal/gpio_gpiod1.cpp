// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include "hal/base/error.h"
#include "hal/board.h"

namespace deskd {

std::unique_ptr<GpioChips> makeLinuxGpio() {
  throwErrno(ENOSYS, "open", "GPIO chips");
}

}  // namespace deskd
