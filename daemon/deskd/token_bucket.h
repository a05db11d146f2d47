// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace deskd {

// So many a second on average, and after a rest a burst of what some seconds would have allowed.
class TokenBucket {
 public:
  static constexpr unsigned burstSeconds = 5;

  TokenBucket(unsigned perSecond, std::uint64_t nowMs)
      : perSecond_(perSecond), milli_(most()), filledAtMs_(nowMs) {}

  bool take(std::uint64_t nowMs) {
    fill(nowMs);
    if (milli_ < 1000) return false;
    milli_ -= 1000;
    return true;
  }
  // Until there is one: 0 if there is.
  std::uint64_t waitMs(std::uint64_t nowMs) {
    fill(nowMs);
    return milli_ >= 1000 ? 0 : (1000 - milli_ + perSecond_ - 1) / perSecond_;
  }
  unsigned perSecond() const { return perSecond_; }

 private:
  std::uint64_t most() const { return std::uint64_t{1000} * perSecond_ * burstSeconds; }
  void fill(std::uint64_t nowMs) {
    const std::uint64_t passed = std::min<std::uint64_t>(nowMs - filledAtMs_, 1000 * burstSeconds);
    milli_ = std::min(most(), milli_ + passed * perSecond_);
    filledAtMs_ = nowMs;
  }

  unsigned perSecond_;
  std::uint64_t milli_;  // thousandths of a token
  std::uint64_t filledAtMs_;
};

}  // namespace deskd
