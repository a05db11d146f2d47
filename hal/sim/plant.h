// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hal/sim/plant_options.h"

namespace deskd {

// The simulated board as a plant reaches it. Lines are named as scripts name them: "GPIO17",
// "gpiochip0:17". Everything is on one thread and throws std::invalid_argument for names that do not exist.
class PlantBoard {
 public:
  virtual ~PlantBoard() = default;
  // SimPlant::onLevel() is called for every change of the line from now on.
  virtual void watch(const std::string& line) = 0;
  virtual bool level(const std::string& line) const = 0;
  // Drives the line as a wire from the plant does; empty lets go. Until the plant is removed.
  virtual void drive(const std::string& line, std::optional<bool> level) = 0;
  // Tells a chip on an I2C bus what it measures, or asks what it shows: SimI2cDevice::set() and get().
  virtual void setI2c(const std::string& bus, std::uint16_t address, const std::string& name,
                      double value) = 0;
  virtual double getI2c(const std::string& bus, std::uint16_t address, const std::string& name) const = 0;
  // Adds a serial port, which goes with the plant; what is written to it comes to SimPlant::onSerial().
  // Returns the path that a script opens. Letters, digits, '-' and '_'.
  virtual std::string addSerial(const std::string& name) = 0;
  // Like a cable, it loses what nobody reads.
  virtual void writeSerial(const std::string& name, std::span<const std::uint8_t> bytes) = 0;
};

// What is connected to a simulated board: a desk with its motors, a handset, a sensor that needs more than a
// level. Time is handed in, nanoseconds of a clock that only grows (CLOCK_MONOTONIC); what happens is
// stamped with the time it is due, even if the process gets to it late. A plant that throws from onLevel(),
// onSerial() or advance() does nothing more, and set() and get() say why.
class SimPlant {
 public:
  virtual ~SimPlant() = default;

  // Not called for what the plant itself drives, while it does.
  virtual void onLevel(const std::string& line, bool level, std::uint64_t nowNs);
  virtual void onSerial(const std::string& port, std::span<const std::uint8_t> bytes, std::uint64_t nowNs);
  // Lets everything happen that is due by `nowNs`.
  virtual void advance(std::uint64_t nowNs);
  // When advance() has something to do next if nothing else happens. Asked again after every call.
  virtual std::optional<std::uint64_t> nextNs() const;

  // What the script that drives the simulation sets and asks: `sim plant set ID NAME VALUE`. Throw
  // std::invalid_argument that lists the names there are.
  virtual void set(const std::string& name, const std::string& value, std::uint64_t nowNs) = 0;
  virtual std::string get(const std::string& name, std::uint64_t nowNs) const = 0;
};

using MakePlant = std::unique_ptr<SimPlant> (*)(PlantBoard& board, const PlantOptions& options,
                                                std::uint64_t nowNs);
struct PlantKind {
  std::string_view name;  // "relay-desk"
  MakePlant make;
};

// The one list of kinds (plants.cpp).
std::span<const PlantKind> plantKinds();

// `board` outlives the plant. Throws std::invalid_argument that lists the kinds, or the options.
std::unique_ptr<SimPlant> makePlant(const std::string& kind, PlantBoard& board, const PlantOptions& options,
                                    std::uint64_t nowNs);

}  // namespace deskd
