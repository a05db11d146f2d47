// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include "hal/base/error.h"
#include "hal/board.h"

namespace deskd {

std::unique_ptr<Board> makeSimBoard(const std::string& socketPath) {
  throwErrno(ENOSYS, "connect to", socketPath);
}

}  // namespace deskd
