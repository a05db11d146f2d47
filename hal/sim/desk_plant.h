// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace deskd {

enum class Travel { still, up, down };

// Legs and motors: a height that moves at constant speed to a target and stops there exactly. Time is handed
// in.
class DeskPlant {
 public:
  DeskPlant(double heightMm, double speedMmPerS, std::uint64_t nowMs);

  void moveTo(double targetMm);  // from where it is, at the time of the last advance()
  void stop();
  void advance(std::uint64_t nowMs);

  double heightMm() const { return heightMm_; }
  Travel travel() const;
  // The first millisecond at which advance() finds it arrived; absent while it is still.
  std::optional<std::uint64_t> arrivalMs() const;

 private:
  double heightMm_;
  double targetMm_;
  const double speedMmPerMs_;
  std::uint64_t atMs_;
};

}  // namespace deskd
