// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hal/sim/plant.h"

namespace deskd {

// An HC-SR04 that looks at something: after a pulse of 10 us or more on its trigger line it answers with a
// pulse on its echo line that lasts as long as sound takes there and back. Options: trigger, echo (lines),
// distance. Knows "distance" (mm, 20 to 4000; what is further away is not seen, and the echo lasts 38 ms) and
// "connected" (0: it never answers).
class Ultrasonic final : public SimPlant {
 public:
  Ultrasonic(PlantBoard& board, const PlantOptions& options, std::uint64_t nowNs);

  void onLevel(const std::string& line, bool level, std::uint64_t nowNs) override;
  void advance(std::uint64_t nowNs) override;
  std::optional<std::uint64_t> nextNs() const override { return riseNs_ ? riseNs_ : fallNs_; }
  void set(const std::string& name, const std::string& value, std::uint64_t nowNs) override;
  std::string get(const std::string& name, std::uint64_t nowNs) const override;

 private:
  std::uint64_t echoNs() const;

  PlantBoard& board_;
  const std::string trigger_;
  const std::string echo_;
  double distanceMm_;
  bool connected_ = true;
  std::optional<std::uint64_t> triggeredNs_;  // the trigger is high since then
  std::optional<std::uint64_t> riseNs_;
  std::optional<std::uint64_t> fallNs_;
};

std::unique_ptr<SimPlant> makeUltrasonic(PlantBoard& board, const PlantOptions& options, std::uint64_t nowNs);

}  // namespace deskd
