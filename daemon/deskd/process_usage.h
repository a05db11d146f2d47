// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace deskd {

// What a process uses; 0 if it is gone.

// Memory of its own, plus its share of what others have mapped, too; where that cannot be read, all it has
// mapped. Takes some 0.1 ms for a host.
std::uint64_t memoryOf(int pid);
// Processor time so far, in microseconds.
std::uint64_t cpuTimeOf(int pid);

}  // namespace deskd
