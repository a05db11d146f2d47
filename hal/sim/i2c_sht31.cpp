// SPDX-License-Identifier: Apache-2.0
// Sensirion SHT31, address 0x44 or 0x45: temperature and humidity, by commands of two bytes. While it
// measures it does not acknowledge being read.
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "hal/checksum.h"
#include "hal/sim/i2c_chip.h"

namespace deskd {
namespace {

constexpr std::uint16_t statusAtReset = 0x8010;  // alert pending, reset detected
constexpr std::uint16_t heaterBit = 0x2000;

// How long a single measurement takes at most, by its repeatability.
std::optional<std::uint64_t> measureMs(std::uint16_t command) {
  switch (command) {
    case 0x2400:
    case 0x2C06:
      return 15;
    case 0x240B:
    case 0x2C0D:
      return 6;
    case 0x2416:
    case 0x2C10:
      return 4;
    default:
      return std::nullopt;
  }
}

class Sht31 final : public SimI2cChip {
 public:
  Sht31() : SimI2cChip("sht31") {
    offer("temperature", temperature_, -40, 125);
    offer("humidity", humidity_, 0, 100);
    offer("heater", [this] { return (status_ & heaterBit) != 0 ? 1 : 0; });
  }

  bool write(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) override {
    if (bytes.empty()) return true;
    if (bytes.size() != 2 || nowMs < readyMs_) return false;
    const auto command = static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
    answer_.clear();
    if (const auto takes = measureMs(command)) {
      // With clock stretching (2Cxx) the chip would hold the bus until it is done; a model cannot wait.
      readyMs_ = bytes[0] == 0x2C ? nowMs : nowMs + *takes;
      append(static_cast<std::uint16_t>(std::floor(65535 * (temperature_ + 45) / 175 + 0.5)));
      append(static_cast<std::uint16_t>(std::floor(65535 * humidity_ / 100 + 0.5)));
      return true;
    }
    switch (command) {
      case 0xF32D:
        append(status_);
        return true;
      case 0x3041:
        status_ = status_ & heaterBit;
        return true;
      case 0x30A2:
        status_ = statusAtReset;
        readyMs_ = nowMs + 2;
        return true;
      case 0x306D:
        status_ |= heaterBit;
        return true;
      case 0x3066:
        status_ &= static_cast<std::uint16_t>(~heaterBit);
        return true;
      case 0x3093:
        return true;
      default:
        return false;
    }
  }

  bool read(std::span<std::uint8_t> into, std::uint64_t nowMs) override {
    if (into.empty()) return true;
    if (answer_.empty() || nowMs < readyMs_) return false;
    for (std::size_t at = 0; at < into.size(); ++at)
      into[at] = at < answer_.size() ? answer_[at] : 0xFF;
    answer_.clear();
    return true;
  }

 private:
  void append(std::uint16_t word) {
    const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(word >> 8),
                                            static_cast<std::uint8_t>(word & 0xFF)};
    answer_.insert(answer_.end(), bytes.begin(), bytes.end());
    answer_.push_back(crc8(bytes));
  }

  double temperature_ = 21.5;
  double humidity_ = 45;
  std::uint16_t status_ = statusAtReset;
  std::uint64_t readyMs_ = 0;
  std::vector<std::uint8_t> answer_;
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimSht31() {
  return std::make_unique<Sht31>();
}

}  // namespace deskd
