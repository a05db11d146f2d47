// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "hal/base/loop.h"

namespace deskd {

// How long to wait before a script that failed is started again: half a second, then twice as long each time
// up to a minute, a little random so that scripts which failed together do not return together. A minute of
// health starts over.
class RestartPolicy {
 public:
  static constexpr std::uint64_t healthyMs = 60000;

  void started(std::uint64_t nowMs) { startedMs_ = nowMs; }
  // `random` is uniform in [0, 1).
  Milliseconds failed(std::uint64_t nowMs, double random) {
    if (startedMs_ != 0 && nowMs - startedMs_ >= healthyMs) failures_ = 0;
    startedMs_ = 0;
    const std::int64_t base = std::min<std::int64_t>(60000, std::int64_t{500} << std::min(failures_, 10));
    ++failures_;
    return Milliseconds(base + static_cast<std::int64_t>(static_cast<double>(base) * 0.2 * random));
  }
  void reset() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  int failures_ = 0;
  std::uint64_t startedMs_ = 0;
};

}  // namespace deskd
