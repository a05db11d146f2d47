// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/desk_plant.h"

#include <cmath>

namespace deskd {

DeskPlant::DeskPlant(double heightMm, double speedMmPerS, std::uint64_t nowMs)
    : heightMm_(heightMm), targetMm_(heightMm), speedMmPerMs_(speedMmPerS / 1000), atMs_(nowMs) {}

void DeskPlant::moveTo(double targetMm) {
  targetMm_ = targetMm;
}

void DeskPlant::stop() {
  targetMm_ = heightMm_;
}

Travel DeskPlant::travel() const {
  if (targetMm_ == heightMm_) return Travel::still;
  return targetMm_ > heightMm_ ? Travel::up : Travel::down;
}

void DeskPlant::advance(std::uint64_t nowMs) {
  if (nowMs <= atMs_) return;
  // Asked before the clock moves, so that what nextEvent promised and what happens here are one calculation.
  const auto arrival = arrivalMs();
  if (arrival && nowMs >= *arrival) {
    heightMm_ = targetMm_;
  } else if (arrival) {
    const double way = speedMmPerMs_ * static_cast<double>(nowMs - atMs_);
    heightMm_ += travel() == Travel::up ? way : -way;
  }
  atMs_ = nowMs;
}

std::optional<std::uint64_t> DeskPlant::arrivalMs() const {
  if (travel() == Travel::still) return std::nullopt;
  const double leftMs = std::fabs(targetMm_ - heightMm_) / speedMmPerMs_;
  // The small allowance keeps rounding errors from adding a whole millisecond.
  return atMs_ + static_cast<std::uint64_t>(std::ceil(leftMs - 1e-6));
}

}  // namespace deskd
