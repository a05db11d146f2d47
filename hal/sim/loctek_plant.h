// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hal/sim/loctek_desk.h"
#include "hal/sim/plant.h"

namespace deskd {

// A LoctekMotion desk on a simulated board: its serial line on a port, its PIN20 on a line, and on another
// one, if it is named, whether the motors run, for the recorder.
//
// Options: line (required), motion-line, port ("loctek"), height-mm, min-mm, max-mm, speed-mm-s, coast-mm,
// tap-mm, wake-ms, asleep-after-ms, preset-1-mm to preset-4-mm, inches, long-display, locked, needs-reset,
// keys-on-line, noise. set(): keypad (names of keys joined by "+", or "none"), lock (0, 1), error (0 to 99),
// show (three characters, or empty for the height), timer (minutes, or -1), mute (0, 1: nothing comes from
// it). get(): path, height, travel, awake, pin20, display, reset, violations (their number), violation (the
// last).
class LoctekPlant final : public SimPlant {
 public:
  LoctekPlant(PlantBoard& board, const PlantOptions& options, std::uint64_t nowNs);

  void onLevel(const std::string& line, bool level, std::uint64_t nowNs) override;
  void onSerial(const std::string& port, std::span<const std::uint8_t> bytes, std::uint64_t nowNs) override;
  void advance(std::uint64_t nowNs) override;
  std::optional<std::uint64_t> nextNs() const override;
  void set(const std::string& name, const std::string& value, std::uint64_t nowNs) override;
  std::string get(const std::string& name, std::uint64_t nowNs) const override;

 private:
  void happened(std::string_view what);

  PlantBoard& board_;
  const std::string port_;
  const std::string motionLine_;
  LoctekDesk desk_;
  std::string path_;
};

std::unique_ptr<SimPlant> makeLoctekPlant(PlantBoard& board, const PlantOptions& options,
                                          std::uint64_t nowNs);

}  // namespace deskd
