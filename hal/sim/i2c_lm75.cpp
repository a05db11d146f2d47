// SPDX-License-Identifier: Apache-2.0
// NXP LM75B, address 0x48 to 0x4F: temperature in steps of 0.125 degrees, and an alarm.
#include <cmath>

#include "hal/sim/i2c_chip.h"

namespace deskd {
namespace {

enum Register { temperature = 0, config = 1, hysteresis = 2, overtemperature = 3 };

class Lm75 final : public SimWordChip {
 public:
  Lm75() : SimWordChip("lm75") {
    offer("temperature", temperature_, -55, 125);
    offer("alarm", [this] {
      follow();
      return alarm_ ? 1 : 0;
    });
  }

 protected:
  bool isByte(unsigned number) const override { return (number & 3) == config; }

  std::uint16_t readWord(unsigned number, std::uint64_t) override {
    follow();
    switch (number & 3) {
      case temperature:
        return static_cast<std::uint16_t>(shown_ << 5);
      case config:
        return static_cast<std::uint16_t>(config_ << 8 | config_);
      case hysteresis:
        return hysteresis_;
      default:
        return overtemperature_;
    }
  }

  void writeWord(unsigned number, std::uint16_t value, std::uint64_t) override {
    follow();  // in shut-down the last temperature stays
    if ((number & 3) == config) config_ = value & 0x1F;
    if ((number & 3) == hysteresis) hysteresis_ = value & 0xFF80;
    if ((number & 3) == overtemperature) overtemperature_ = value & 0xFF80;
  }

 private:
  static double degrees(std::uint16_t limit) { return static_cast<std::int16_t>(limit) / 256.0; }

  void follow() {
    if ((config_ & 1) != 0) return;
    shown_ = static_cast<int>(std::floor(temperature_ / 0.125 + 0.5));
    const double seen = shown_ * 0.125;
    if (seen >= degrees(overtemperature_)) alarm_ = true;
    if (seen < degrees(hysteresis_)) alarm_ = false;
  }

  double temperature_ = 25;
  int shown_ = 0;
  bool alarm_ = false;
  std::uint8_t config_ = 0;
  std::uint16_t hysteresis_ = 75 << 8;
  std::uint16_t overtemperature_ = 80 << 8;
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimLm75() {
  return std::make_unique<Lm75>();
}

}  // namespace deskd
