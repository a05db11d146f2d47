// SPDX-License-Identifier: Apache-2.0
#include "bindings/script_clock.h"

#include <chrono>

namespace deskd {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC
const auto processStart = Clock::now();

double sinceStartMs(Clock::time_point time) {
  return std::chrono::duration<double, std::milli>(time - processStart).count();
}

}  // namespace

double scriptClockMs(std::uint64_t monotonicNs) {
  return sinceStartMs(Clock::time_point(std::chrono::nanoseconds(monotonicNs)));
}

double scriptClockNowMs() {
  return sinceStartMs(Clock::now());
}

}  // namespace deskd
