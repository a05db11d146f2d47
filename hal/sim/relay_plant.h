// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hal/sim/plant.h"
#include "hal/sim/relay_desk.h"
#include "hal/sim/ultrasonic.h"

namespace deskd {

// A desk with two relays on a simulated board, and what measures it.
//
// Options: up, down (the relays' lines, required), active-low (0), height-mm, min-mm, max-mm (its limit
// switches), up-mm-s, down-mm-s, start-ms, coast-mm, contact-ms, run-a, inrush-a, stall-a; offset-mm (what is
// missing from a measured distance to the height); bus ("1") with range-address (a VL53L0X or VL53L1X that is
// there already) and current-address (an INA219); trigger, echo (lines of an ultrasonic sensor, which is part
// of this); hand-up, hand-down (lines that show the hand switch, low while it is pressed).
// set(): hand (up, down, none), obstacle (a height, or none), welded (up, down, none: the contact that stays
// closed), motor (0: its wire is off), frozen (1: distances stay as they are), echo (0: the ultrasonic sensor
// does not answer), contact-ms, height. get(): height, travel, current, distance, up, down (the contacts),
// shorts, reversals.
class RelayPlant final : public SimPlant {
 public:
  RelayPlant(PlantBoard& board, const PlantOptions& options, std::uint64_t nowNs);

  void onLevel(const std::string& line, bool level, std::uint64_t nowNs) override;
  void advance(std::uint64_t nowNs) override;
  std::optional<std::uint64_t> nextNs() const override;
  void set(const std::string& name, const std::string& value, std::uint64_t nowNs) override;
  std::string get(const std::string& name, std::uint64_t nowNs) const override;

 private:
  void setHand(Travel direction, std::uint64_t nowNs);
  // The sensors see the desk as it is now.
  void show(std::uint64_t nowNs);

  PlantBoard& board_;
  const std::string up_;
  const std::string down_;
  const bool activeLow_;
  const std::string bus_;
  const std::optional<std::uint16_t> rangeAddress_;
  const std::optional<std::uint16_t> currentAddress_;
  const std::string handUp_;
  const std::string handDown_;
  const double offsetMm_;
  RelayDesk desk_;
  std::optional<Ultrasonic> ultrasonic_;
  bool frozen_ = false;
  double distanceMm_ = 0;
};

std::unique_ptr<SimPlant> makeRelayPlant(PlantBoard& board, const PlantOptions& options, std::uint64_t nowNs);

}  // namespace deskd
