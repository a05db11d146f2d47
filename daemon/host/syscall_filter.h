// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace deskd {

// Leaves this process, for ever, only the system calls that a script's host makes: no other process, no
// program, no socket (but local ones to a simulated board, if `localSockets`), no signal but to itself. Every
// other call fails with EPERM. Needs no_new_privs. False: the kernel has no filters, and nothing has changed.
// Throws std::system_error.
bool restrictSystemCalls(bool localSockets);

}  // namespace deskd
