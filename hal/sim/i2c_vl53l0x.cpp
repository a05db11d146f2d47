// SPDX-License-Identifier: Apache-2.0
// ST VL53L0X, address 0x29: a laser that measures distances. Registers as pololu/vl53l0x-arduino uses them.
#include <cmath>

#include "hal/sim/i2c_chip.h"
#include "hal/sim/i2c_ranging.h"

namespace deskd {
namespace {

constexpr std::uint64_t measureMs = 33;
constexpr std::uint64_t startMs = 2;  // until a single measurement has begun
constexpr double farthestMm = 2000;
constexpr std::uint16_t outOfRange = 8190;

class Vl53l0x final : public SimRegisterChip {
 public:
  Vl53l0x() : SimRegisterChip("vl53l0x", Index::oneByte) {
    offer("distance", distanceMm_, 0, 65535);
    offer("address", [this] { return stored_.contains(0x8A) ? stored_.at(0x8A) : 0x29; });
  }

 protected:
  std::uint8_t readRegister(unsigned number, std::uint64_t nowMs) override {
    // Set-up procedures switch to other pages and wait there for what they have asked for.
    if (page() == 7 && number == 0x83) return 0x10;
    if (page() == 7 && number == 0x92) return 0x8C;
    if (page() != 0 && number != 0xFF) return stored(page() << 8 | number);
    const bool ready = ranging_.ready(nowMs, distanceMm_);
    switch (number) {
      case 0x00:
        return ranging_.running() && !ranging_.continuous() && nowMs < ranging_.startedMs() + startMs ? 1 : 0;
      case 0x13:
        return ready ? 0x04 : 0x00;
      case 0x14:
        return range() == outOfRange ? 4 << 3 : 11 << 3;
      case 0x1E:
        return static_cast<std::uint8_t>(range() >> 8);
      case 0x1F:
        return static_cast<std::uint8_t>(range() & 0xFF);
      case 0xC0:
        return 0xEE;
      case 0xC1:
        return 0xAA;
      case 0xC2:
        return 0x10;
      default:
        return stored(number);
    }
  }

  void writeRegister(unsigned number, std::uint8_t value, std::uint64_t nowMs) override {
    stored_[number == 0xFF ? number : page() << 8 | number] = value;
    if (page() != 0) return;
    if (number == 0x00) command(value, nowMs);
    if (number == 0x0B && (value & 1) != 0) ranging_.clear();
  }

 private:
  void command(std::uint8_t value, std::uint64_t nowMs) {
    if ((value & 0x02) != 0)
      ranging_.startContinuous(nowMs, 0);
    else if ((value & 0x04) != 0)
      ranging_.startContinuous(nowMs, periodMs());
    else if ((value & 0x01) != 0 && !ranging_.continuous())
      ranging_.startSingle(nowMs);
    else
      ranging_.stop();
  }
  // Registers 04 to 07, in units of which register F8 has the number in a millisecond; here it is none.
  std::uint64_t periodMs() const {
    std::uint64_t period = 0;
    for (unsigned number = 0x04; number <= 0x07; ++number)
      period = period << 8 | stored(number);
    return period;
  }
  std::uint16_t range() const {
    const double mm = std::round(ranging_.latchedMm());
    return mm > farthestMm ? outOfRange : static_cast<std::uint16_t>(mm);
  }
  unsigned page() const { return stored(0xFF); }
  std::uint8_t stored(unsigned number) const {
    const auto found = stored_.find(number);
    return found == stored_.end() ? 0 : found->second;
  }

  double distanceMm_ = 500;
  SimRanging ranging_{measureMs};
  std::map<unsigned, std::uint8_t> stored_;  // by page and number
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimVl53l0x() {
  return std::make_unique<Vl53l0x>();
}

}  // namespace deskd
