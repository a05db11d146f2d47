// SPDX-License-Identifier: Apache-2.0
#include "bindings/cpu_budget.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace deskd {
namespace {

std::string seconds(std::int64_t milliseconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(milliseconds) / 1000);
  return text.data();
}

}  // namespace

CpuBudget::CpuBudget(int percent, std::int64_t nowMs, std::int64_t cpuMs)
    : percent_(percent), marks_{{nowMs, cpuMs}} {}

std::optional<std::string> CpuBudget::exceeded(std::int64_t nowMs, std::int64_t cpuMs) {
  if (nowMs - marks_.back().atMs >= markEveryMs) marks_.push_back({nowMs, cpuMs});
  while (marks_.size() > 1 && marks_[1].atMs <= nowMs - windowMs)
    marks_.pop_front();
  const std::int64_t used = cpuMs - marks_.front().cpuMs;
  // Marks are apart: the window may be a little longer than a minute, and so is what it allows.
  const std::int64_t window = std::clamp(nowMs - marks_.front().atMs, windowMs, windowMs + markEveryMs);
  if (used * 100 <= window * percent_) return std::nullopt;
  return "used " + seconds(used) + " of CPU time within a minute: expected at most " +
         seconds(windowMs * percent_ / 100) + " (limits.cpu_percent = " + std::to_string(percent_) + ")";
}

}  // namespace deskd
