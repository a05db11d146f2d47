// SPDX-License-Identifier: Apache-2.0
// NXP PCF8574, address 0x20 to 0x27 (A: 0x38 to 0x3F): eight pins. A pin written 1 is an input with a weak
// pull-up; reading gives the pins, not what was written.
#include "hal/sim/i2c_chip.h"

namespace deskd {
namespace {

class Pcf8574 final : public SimI2cChip {
 public:
  Pcf8574() : SimI2cChip("pcf8574") {
    offer(
        "pins", [this] { return pins(); },
        [this](double value) { outside_ = static_cast<std::uint8_t>(value); });
    offer("latch", [this] { return latch_; });
    for (unsigned pin = 0; pin < 8; ++pin)
      offer(
          "pin" + std::to_string(pin), [this, pin] { return pins() >> pin & 1; },
          // 0: something outside pulls it down.
          [this, pin](double level) {
            outside_ = static_cast<std::uint8_t>(level != 0 ? outside_ | 1U << pin : outside_ & ~(1U << pin));
          });
  }

  bool write(std::span<const std::uint8_t> bytes, std::uint64_t) override {
    if (!bytes.empty()) latch_ = bytes.back();
    return true;
  }
  bool read(std::span<std::uint8_t> into, std::uint64_t) override {
    for (std::uint8_t& byte : into)
      byte = pins();
    return true;
  }

 private:
  std::uint8_t pins() const { return latch_ & outside_; }

  std::uint8_t latch_ = 0xFF;
  std::uint8_t outside_ = 0xFF;  // what the pins would be if all were inputs
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimPcf8574() {
  return std::make_unique<Pcf8574>();
}

}  // namespace deskd
