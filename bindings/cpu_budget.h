// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace deskd {

// How much of one CPU a script uses, over the last minute. Asked when the script has something to do, so that
// one that idles is not woken for it.
class CpuBudget {
 public:
  static constexpr std::int64_t windowMs = 60000;
  static constexpr std::int64_t markEveryMs = 5000;

  // Counts from here on.
  CpuBudget(int percent, std::int64_t nowMs, std::int64_t cpuMs);

  // `cpuMs`: what the process has used since it began. If that is too much: how much, and what is allowed.
  std::optional<std::string> exceeded(std::int64_t nowMs, std::int64_t cpuMs);

 private:
  struct Mark {
    std::int64_t atMs;
    std::int64_t cpuMs;
  };

  const int percent_;
  std::deque<Mark> marks_;  // the first is where the window begins
};

}  // namespace deskd
