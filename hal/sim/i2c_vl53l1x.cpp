// SPDX-License-Identifier: Apache-2.0
// ST VL53L1X, address 0x29: a laser that measures distances, with register numbers of two bytes. Registers as
// pololu/vl53l1x-arduino uses them.
#include <cmath>

#include "hal/sim/i2c_chip.h"
#include "hal/sim/i2c_ranging.h"

namespace deskd {
namespace {

constexpr std::uint64_t measureMs = 50;
constexpr std::uint64_t deafMs = 1;  // after a reset
constexpr std::uint64_t bootMs = 2;
constexpr double farthestMm = 4000;
constexpr unsigned oscillatorPerMs = 1000;  // what register 00DE says

enum RangeStatus : std::uint8_t { noTarget = 4, complete = 9 };

class Vl53l1x final : public SimRegisterChip {
 public:
  Vl53l1x() : SimRegisterChip("vl53l1x", Index::twoBytes) {
    offer("distance", distanceMm_, 0, 65535);
    offer("address", [this] { return stored(0x0001); });
    powerOn();
  }

 protected:
  bool acknowledges(std::uint64_t nowMs) override {
    return inReset_ || nowMs >= awakeMs_ + deafMs || !wasReset_;
  }

  std::uint8_t readRegister(unsigned number, std::uint64_t nowMs) override {
    const bool ready = ranging_.ready(nowMs, distanceMm_);
    if (number >= 0x0089 && number < 0x0089 + 17) return result(number - 0x0089);
    switch (number) {
      case 0x0031: {
        // The level of the interrupt pin: bit 4 of 0030 makes it active low.
        const bool activeLow = (stored(0x0030) & 0x10) != 0;
        return static_cast<std::uint8_t>(0x02 | (ready != activeLow ? 1 : 0));
      }
      case 0x00E5:
        return !inReset_ && (!wasReset_ || nowMs >= awakeMs_ + bootMs) ? 0x03 : 0x00;
      case 0x010F:
        return 0xEA;
      case 0x0110:
        return 0xCC;
      case 0x0111:
        return 0x10;
      default:
        return stored(number);
    }
  }

  void writeRegister(unsigned number, std::uint8_t value, std::uint64_t nowMs) override {
    stored_[number] = value;
    if (number == 0x0000) reset(value, nowMs);
    if (inReset_) return;
    if (number == 0x0086 && (value & 1) != 0) ranging_.clear();
    if (number != 0x0087) return;
    if ((value & 0x80) != 0)
      ranging_.stop();
    else if ((value & 0x40) != 0)
      ranging_.startContinuous(nowMs, periodMs());
    else if ((value & 0x10) != 0)
      ranging_.startSingle(nowMs);
  }

 private:
  void powerOn() {
    stored_ = {{0x0000, 0x01},
               {0x0001, 0x29},
               {0x0006, 0xBC},
               {0x0007, 0xCC},
               {0x0030, 0x11},
               {0x00DE, oscillatorPerMs >> 8},
               {0x00DF, oscillatorPerMs & 0xFF}};
    ranging_ = SimRanging(measureMs);
  }
  void reset(std::uint8_t value, std::uint64_t nowMs) {
    const bool released = (value & 1) != 0;
    if (!released) {
      powerOn();
      inReset_ = true;
    } else if (inReset_) {
      inReset_ = false;
      wasReset_ = true;
      awakeMs_ = nowMs;
    }
  }
  std::uint64_t periodMs() const {
    std::uint64_t period = 0;
    for (unsigned number = 0x006C; number <= 0x006F; ++number)
      period = period << 8 | stored(number);
    return period / oscillatorPerMs;
  }
  std::uint8_t result(unsigned at) const {
    const bool seen = ranging_.latchedMm() <= farthestMm;
    // The reader scales by 2011/2048.
    const auto range = static_cast<unsigned>(std::round(ranging_.latchedMm() * 2048 / 2011));
    switch (at) {
      case 0:
        return ranging_.count() == 0 ? 0 : seen ? complete : noTarget;
      case 2:
        // Counts to 255 and goes on with 128.
        return static_cast<std::uint8_t>(ranging_.count() < 256 ? ranging_.count()
                                                                : 128 + (ranging_.count() - 128) % 128);
      case 13:
        return static_cast<std::uint8_t>(seen ? range >> 8 : 0);
      case 14:
        return static_cast<std::uint8_t>(seen ? range & 0xFF : 0);
      default:
        return 0;
    }
  }
  std::uint8_t stored(unsigned number) const {
    const auto found = stored_.find(number);
    return found == stored_.end() ? 0 : found->second;
  }

  double distanceMm_ = 500;
  SimRanging ranging_{measureMs};
  std::map<unsigned, std::uint8_t> stored_;
  bool inReset_ = false;
  bool wasReset_ = false;
  std::uint64_t awakeMs_ = 0;
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimVl53l1x() {
  return std::make_unique<Vl53l1x>();
}

}  // namespace deskd
