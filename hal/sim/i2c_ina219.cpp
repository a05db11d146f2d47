// SPDX-License-Identifier: Apache-2.0
// TI INA219, address 0x40 to 0x4F: voltage of a supply, and the current through a shunt.
#include <algorithm>
#include <cmath>

#include "hal/sim/i2c_chip.h"

namespace deskd {
namespace {

enum Register { config = 0, shunt = 1, bus = 2, power = 3, current = 4, calibration = 5 };
constexpr std::uint16_t configAtReset = 0x399F;
constexpr double shuntLsbV = 0.00001;
constexpr double busLsbV = 0.004;

class Ina219 final : public SimWordChip {
 public:
  Ina219() : SimWordChip("ina219") {
    offer("busVoltage", busV_, 0, 40);
    offer("current", currentA_, -1000, 1000);
    offer("shuntResistance", shuntOhm_, 0.0001, 100);
    // The current follows from it.
    offer(
        "shuntVoltage", [this] { return currentA_ * shuntOhm_; },
        [this](double volts) { currentA_ = volts / shuntOhm_; });
  }

 protected:
  std::uint16_t readWord(unsigned number, std::uint64_t nowMs) override {
    convert(nowMs);
    switch (number) {
      case config:
        return config_;
      case shunt:
        return static_cast<std::uint16_t>(shunt_);
      case bus:
        return static_cast<std::uint16_t>(bus_ << 3 | (ready_ ? 2 : 0) | (overflows() ? 1 : 0));
      case power:
        ready_ = false;
        return static_cast<std::uint16_t>(currentRegister() * bus_ / 5000);
      case current:
        return static_cast<std::uint16_t>(currentRegister());
      case calibration:
        return calibration_;
      default:
        return 0;
    }
  }

  void writeWord(unsigned number, std::uint16_t value, std::uint64_t nowMs) override {
    if (number == calibration) calibration_ = value & 0xFFFE;  // bit 0 cannot be set
    if (number != config) return;
    config_ = value;
    if ((value & 0x8000) != 0) {
      config_ = configAtReset;
      calibration_ = 0;
    }
    ready_ = false;
    pending_ = true;
    startedMs_ = nowMs;
  }

 private:
  static unsigned conversionUs(unsigned bits) {
    if ((bits & 8) != 0) return 532U << (bits & 7);
    constexpr std::array<unsigned, 4> us{84, 148, 276, 532};
    return us[bits & 3];
  }
  unsigned mode() const { return config_ & 7; }
  std::uint64_t cycleMs() const {
    const unsigned us = ((mode() & 1) != 0 ? conversionUs(config_ >> 3 & 15) : 0) +
                        ((mode() & 2) != 0 ? conversionUs(config_ >> 7 & 15) : 0);
    return (us + 999) / 1000;
  }
  void convert(std::uint64_t nowMs) {
    const bool continuous = (mode() & 4) != 0;
    if ((mode() & 3) == 0 || (!pending_ && !continuous) || nowMs < startedMs_ + cycleMs()) return;
    if ((mode() & 1) != 0) {
      const double limit = 0.04 * (1U << (config_ >> 11 & 3));
      shunt_ = static_cast<int>(std::round(std::clamp(currentA_ * shuntOhm_, -limit, limit) / shuntLsbV));
    }
    if ((mode() & 2) != 0) {
      const double limit = (config_ & 0x2000) != 0 ? 32 : 16;
      bus_ = static_cast<unsigned>(std::round(std::min(busV_, limit) / busLsbV));
    }
    ready_ = ready_ || pending_ || nowMs >= readMs_ + cycleMs();
    pending_ = false;
    readMs_ = nowMs;
  }
  std::int64_t product() const { return static_cast<std::int64_t>(shunt_) * calibration_ / 4096; }
  bool overflows() const { return product() > 32767 || product() < -32768; }
  std::int64_t currentRegister() const { return std::clamp<std::int64_t>(product(), -32768, 32767); }

  double busV_ = 5;
  double currentA_ = 0;
  double shuntOhm_ = 0.1;
  std::uint16_t config_ = configAtReset;
  std::uint16_t calibration_ = 0;
  int shunt_ = 0;
  unsigned bus_ = 0;
  bool ready_ = false;
  bool pending_ = true;
  std::uint64_t startedMs_ = 0;
  std::uint64_t readMs_ = 0;
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimIna219() {
  return std::make_unique<Ina219>();
}

}  // namespace deskd
