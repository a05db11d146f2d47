// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hal/base/unique_fd.h"

namespace deskd {

// Waits for orders from the supervisor and forks a host for each. Single-threaded, so that a fork is safe.
// Returns an empty descriptor when the supervisor is gone; in a new host returns that host's socket to the
// supervisor.
UniqueFd runZygote(int supervisor);

}  // namespace deskd
