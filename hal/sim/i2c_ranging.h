// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace deskd {

// When a time-of-flight sensor has its next range. A range stays the same until it is cleared.
class SimRanging {
 public:
  explicit SimRanging(std::uint64_t measureMs) : measureMs_(measureMs) {}

  void startSingle(std::uint64_t nowMs) { start(nowMs, 0); }
  // A range every `periodMs`, or as fast as it can.
  void startContinuous(std::uint64_t nowMs, std::uint64_t periodMs) {
    start(nowMs, std::max(periodMs, measureMs_));
  }
  // The range that is there stays.
  void stop() {
    running_ = false;
    periodMs_ = 0;
  }

  bool running() const { return running_; }
  bool continuous() const { return running_ && periodMs_ != 0; }
  std::uint64_t startedMs() const { return startedMs_; }
  // Takes the measured distance when the time for it has come.
  bool ready(std::uint64_t nowMs, double distanceMm) {
    if (!ready_ && running_ && nowMs >= nextMs_) {
      ready_ = true;
      ++count_;
      latchedMm_ = distanceMm;
      if (periodMs_ == 0)
        running_ = false;
      else
        nextMs_ += ((nowMs - nextMs_) / periodMs_ + 1) * periodMs_;
    }
    return ready_;
  }
  void clear() { ready_ = false; }
  double latchedMm() const { return latchedMm_; }
  unsigned count() const { return count_; }

 private:
  void start(std::uint64_t nowMs, std::uint64_t periodMs) {
    running_ = true;
    ready_ = false;
    periodMs_ = periodMs;
    startedMs_ = nowMs;
    nextMs_ = nowMs + measureMs_;
  }

  std::uint64_t measureMs_;
  bool running_ = false;
  bool ready_ = false;
  std::uint64_t periodMs_ = 0;
  std::uint64_t startedMs_ = 0;
  std::uint64_t nextMs_ = 0;
  double latchedMm_ = 0;
  unsigned count_ = 0;
};

}  // namespace deskd
