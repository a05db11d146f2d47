// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace deskd {

// Says that this process waits as the spare guard, and blocks until the guard at work has ended: it holds
// nothing, reads nothing but its orders and does not wake up meanwhile. False: the supervisor has ended, and
// what is on is for the guard at work to make safe. Throws if the supervisor sends anything but TakeOver.
bool waitAsSpare(int supervisor);

}  // namespace deskd
