// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "hal/base/loop.h"

namespace deskd {

// When to try the broker again. Pure: time and chance are passed in.
class MqttReconnect {
 public:
  enum class Cause {
    failed,           // the connection could not be made
    gone,             // it was made and broke, and nobody accepts connections there any more
    lost,             // it was made, and the broker ended it and said why
    lostUnexplained,  // it was made and broke, and the broker goes on
    takenOver         // the broker says that another client has taken the id
  };
  struct Verdict {
    Milliseconds delay;
    // Another client seems to use the same id: the broker said so, or, where it cannot, three connections in
    // a row were lost within two seconds. Both would go on throwing each other out, so this one waits the
    // longest delay.
    bool takeover = false;
  };

  MqttReconnect(Milliseconds firstDelay, Milliseconds maxDelay)
      : firstDelay_(firstDelay), maxDelay_(maxDelay) {}

  void connected(std::uint64_t nowMs) { connectedAtMs_ = nowMs; }
  // Whether a connection that breaks now has lasted so short that it is worth asking why.
  bool isQuick(std::uint64_t nowMs) const { return nowMs - connectedAtMs_ < quickLossMs; }
  // `random` is uniform in [0, 1).
  Verdict next(Cause cause, std::uint64_t nowMs, double random);

 private:
  static constexpr std::uint64_t quickLossMs = 2000;
  static constexpr unsigned suspiciousLosses = 3;

  const Milliseconds firstDelay_;
  const Milliseconds maxDelay_;
  std::uint64_t connectedAtMs_ = 0;
  unsigned failures_ = 0;     // since the last connection that lasted
  unsigned quickLosses_ = 0;  // unexplained, in a row
};

}  // namespace deskd
