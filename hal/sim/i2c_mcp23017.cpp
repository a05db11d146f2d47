// SPDX-License-Identifier: Apache-2.0
// Microchip MCP23017, address 0x20 to 0x27: sixteen pins, inputs at power-on. Both orders of the registers
// (IOCON.BANK), polarity, pull-ups and interrupts on change.
#include "hal/sim/i2c_chip.h"

namespace deskd {
namespace {

// Of each port, in the order of the register numbers.
enum Register { ioDir, iPol, gpIntEn, defVal, intCon, ioCon, gpPu, intF, intCap, gpio, oLat, registers };
constexpr std::uint8_t bankBit = 0x80, sequentialOffBit = 0x20;

class Mcp23017 final : public SimRegisterChip {
 public:
  Mcp23017() : SimRegisterChip("mcp23017", Index::oneByte) {
    for (unsigned port = 0; port < 2; ++port) {
      values_[port][ioDir] = 0xFF;
      const char letter = port == 0 ? 'A' : 'B';
      offer(
          std::string("port") + letter, [this, port] { return levels(port); },
          [this, port](double value) {
            driven_[port] = 0xFF;
            outside_[port] = static_cast<std::uint8_t>(value);
            watch(port);
          });
      offer(std::string("latch") + letter, [this, port] { return values_[port][oLat]; });
      offer(std::string("direction") + letter, [this, port] { return values_[port][ioDir]; });
      offer(std::string("interrupt") + letter, [this, port] { return values_[port][intF] != 0 ? 1 : 0; });
      for (unsigned pin = 0; pin < 8; ++pin)
        offer(
            std::string("pin") + letter + std::to_string(pin),
            [this, port, pin] { return levels(port) >> pin & 1; },
            [this, port, pin](double level) { drive(port, 1U << pin, level); });
    }
  }

 protected:
  std::uint8_t readRegister(unsigned number, std::uint64_t) override {
    const auto [port, which] = place(number);
    if (which >= registers) return 0;
    if (which != gpio && which != intCap) return values_[port][which];
    const std::uint8_t value = which == gpio ? levels(port) ^ values_[port][iPol] : values_[port][intCap];
    values_[port][intF] = 0;
    last_[port] = levels(port);
    watch(port);
    return value;
  }

  void writeRegister(unsigned number, std::uint8_t value, std::uint64_t) override {
    const auto [port, which] = place(number);
    if (which >= registers || which == intF || which == intCap) return;
    if (which == ioCon)
      values_[0][ioCon] = values_[1][ioCon] = value & 0xFE;
    else
      values_[port][which == gpio ? static_cast<unsigned>(oLat) : which] = value;
    watch(port);
  }

  unsigned after(unsigned number) const override {
    if ((values_[0][ioCon] & sequentialOffBit) == 0) return (number + 1) & 0xFF;
    return banked() ? number : number ^ 1;  // to and fro between the two ports
  }

 private:
  bool banked() const { return (values_[0][ioCon] & bankBit) != 0; }
  std::pair<unsigned, unsigned> place(unsigned number) const {
    if (banked()) return {number >> 4 & 1, number & 0x0F};
    return {number & 1, number >> 1};
  }
  // 1 and 0 are levels from outside; anything else lets the pin go.
  void drive(unsigned port, unsigned bit, double level) {
    driven_[port] =
        static_cast<std::uint8_t>(level == 0 || level == 1 ? driven_[port] | bit : driven_[port] & ~bit);
    outside_[port] = static_cast<std::uint8_t>(level == 1 ? outside_[port] | bit : outside_[port] & ~bit);
    watch(port);
  }
  // An input that nothing drives is high with its pull-up on, and shown low without.
  std::uint8_t levels(unsigned port) const {
    const auto& v = values_[port];
    const unsigned inputs = (outside_[port] & driven_[port]) | (v[gpPu] & ~driven_[port]);
    return static_cast<std::uint8_t>((inputs & v[ioDir]) | (v[oLat] & ~v[ioDir]));
  }
  // The first change captures the pins; until it is read no other does.
  void watch(unsigned port) {
    auto& v = values_[port];
    const std::uint8_t now = levels(port);
    const unsigned compare = (v[intCon] & v[defVal]) | (~v[intCon] & last_[port]);
    const unsigned changed = (now ^ compare) & v[gpIntEn] & v[ioDir];
    if (changed != 0 && v[intF] == 0) {
      v[intF] = static_cast<std::uint8_t>(changed);
      v[intCap] = now ^ v[iPol];
    }
    if (changed == 0) last_[port] = now;
  }

  std::array<std::array<std::uint8_t, registers>, 2> values_{};
  std::array<std::uint8_t, 2> outside_{};
  std::array<std::uint8_t, 2> driven_{};
  std::array<std::uint8_t, 2> last_{};
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimMcp23017() {
  return std::make_unique<Mcp23017>();
}

}  // namespace deskd
