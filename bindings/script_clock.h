// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace deskd {

// The clock of performance.now() and of all timestamps that scripts see: milliseconds since the process
// began, never jumping. `monotonicNs` is a time of CLOCK_MONOTONIC, such as the kernel's events carry.
double scriptClockMs(std::uint64_t monotonicNs);
double scriptClockNowMs();

}  // namespace deskd
