// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace deskd {

// What a process has used so far, all zero if it is gone.
struct ProcessUsage {
  // Of it alone, plus its share of what others have mapped, too; where that cannot be read, all it has
  // mapped.
  std::uint64_t memoryBytes = 0;
  std::uint64_t cpuUs = 0;
};

ProcessUsage usageOf(int pid);

}  // namespace deskd
