// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace deskd {

// A chip on a simulated I2C bus, modelled by its registers. Time is handed in.
class SimI2cDevice {
 public:
  virtual ~SimI2cDevice() = default;
  // The bytes of one write segment. False: the chip does not acknowledge.
  virtual bool write(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) = 0;
  // Fills one read segment. False: the chip does not acknowledge.
  virtual bool read(std::span<std::uint8_t> into, std::uint64_t nowMs) = 0;
  // What the chip measures or sees: "temperature", "distance", "pins" and so on; what there is, each model
  // says. Throws std::invalid_argument that lists the names it knows.
  virtual void set(const std::string& name, double value) = 0;
  virtual double get(const std::string& name) const = 0;
};

// "bme280", "bmp280", "sht31", "lm75", "ina219", "pcf8574", "mcp23017", "ssd1306", "vl53l0x", "vl53l1x".
// Throws std::invalid_argument that lists them.
std::unique_ptr<SimI2cDevice> makeSimI2cDevice(const std::string& kind);

}  // namespace deskd
