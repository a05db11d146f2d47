// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/edge_detector.h"

namespace deskd {

std::optional<GpioEvent> EdgeDetector::change(bool level, std::uint64_t atNs) {
  raw_ = level;
  if (options_.debounceNs == 0) return settle(atNs);
  settlesNs_ = atNs + options_.debounceNs;
  return std::nullopt;
}

std::optional<GpioEvent> EdgeDetector::advance(std::uint64_t nowNs) {
  if (!settlesNs_ || *settlesNs_ > nowNs) return std::nullopt;
  const std::uint64_t at = *settlesNs_;
  settlesNs_.reset();
  return settle(at);
}

std::optional<GpioEvent> EdgeDetector::settle(std::uint64_t atNs) {
  if (raw_ == settled_) return std::nullopt;
  settled_ = raw_;
  const bool rising = settled_ != options_.activeLow;
  const bool wanted =
      options_.edge == GpioEdge::both || options_.edge == (rising ? GpioEdge::rising : GpioEdge::falling);
  if (!wanted) return std::nullopt;
  return GpioEvent{0, rising, atNs, ++sequence_};
}

}  // namespace deskd
