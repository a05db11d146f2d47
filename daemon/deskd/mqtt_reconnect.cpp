// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_reconnect.h"

#include <algorithm>

namespace deskd {
namespace {

// Half of the delay is certain, half is chance, so that boards that lost one broker together do not return
// together.
Milliseconds jittered(Milliseconds delay, double random) {
  return Milliseconds(static_cast<std::int64_t>(static_cast<double>(delay.count()) * (0.5 + random / 2)));
}

}  // namespace

MqttReconnect::Verdict MqttReconnect::next(Cause cause, std::uint64_t nowMs, double random) {
  const bool lost = cause == Cause::lost || cause == Cause::lostUnexplained;
  const bool quick = lost && isQuick(nowMs);
  quickLosses_ = quick && cause == Cause::lostUnexplained ? quickLosses_ + 1 : 0;
  if (cause == Cause::takenOver || quickLosses_ >= suspiciousLosses) {
    quickLosses_ = 0;
    return {jittered(maxDelay_, random), true};
  }
  if (cause == Cause::gone || (lost && !quick)) failures_ = 0;
  const unsigned before = failures_;
  failures_ = std::min(failures_ + 1, 30u);
  // The first retry follows at once, but not everybody's in the same instant.
  if (before == 0) return {Milliseconds(static_cast<std::int64_t>(random * 250)), false};
  const std::int64_t doubled = firstDelay_.count() << std::min(before - 1, 20u);
  return {jittered(std::min(Milliseconds(doubled), maxDelay_), random), false};
}

}  // namespace deskd
