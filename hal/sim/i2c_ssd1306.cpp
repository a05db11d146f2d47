// SPDX-License-Identifier: Apache-2.0
// Solomon SSD1306, address 0x3C or 0x3D: a display of 128 by 64 pixels.
#include <bitset>
#include <vector>

#include "hal/sim/i2c_chip.h"

namespace deskd {
namespace {

constexpr unsigned columns = 128, pages = 8;
constexpr std::uint8_t continuationBit = 0x80, dataBit = 0x40;

// How many bytes follow a command.
unsigned argumentsOf(std::uint8_t command) {
  switch (command) {
    case 0x20:
    case 0x81:
    case 0x8D:
    case 0xA8:
    case 0xD3:
    case 0xD5:
    case 0xD9:
    case 0xDA:
    case 0xDB:
      return 1;
    case 0x21:
    case 0x22:
    case 0xA3:
      return 2;
    case 0x29:
    case 0x2A:
      return 5;
    case 0x26:
    case 0x27:
      return 6;
    default:
      return 0;
  }
}

class Ssd1306 final : public SimI2cChip {
 public:
  Ssd1306() : SimI2cChip("ssd1306") {
    offer("on", [this] { return on_ ? 1 : 0; });
    offer("contrast", [this] { return contrast_; });
    offer("inverted", [this] { return inverted_ ? 1 : 0; });
    offer("column", [this] { return column_; });
    offer("page", [this] { return page_; });
    offer("charge-pump", [this] { return chargePump_ ? 1 : 0; });
    offer("lit", [this] {
      std::size_t lit = 0;
      for (const std::uint8_t byte : memory_)
        lit += std::bitset<8>(byte).count();
      return static_cast<double>(lit);
    });
    // A sum that tells pictures apart.
    offer("checksum", [this] {
      std::uint32_t sum = 0;
      for (const std::uint8_t byte : memory_)
        sum = sum * 31 + byte;
      return sum;
    });
  }

  bool write(std::span<const std::uint8_t> bytes, std::uint64_t) override {
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::uint8_t control = bytes[at++];
      const bool data = (control & dataBit) != 0;
      const std::size_t end =
          (control & continuationBit) != 0 ? std::min(at + 1, bytes.size()) : bytes.size();
      for (; at < end; ++at) {
        if (data)
          draw(bytes[at]);
        else
          take(bytes[at]);
      }
    }
    return true;
  }

  // The status: bit 6 says that the display is off.
  bool read(std::span<std::uint8_t> into, std::uint64_t) override {
    for (std::uint8_t& byte : into)
      byte = on_ ? 0x03 : 0x43;
    return true;
  }

 private:
  enum Mode { horizontal = 0, vertical = 1, byPage = 2 };

  void take(std::uint8_t byte) {
    command_.push_back(byte);
    if (command_.size() <= argumentsOf(command_[0])) return;
    run(command_);
    command_.clear();
  }

  void run(const std::vector<std::uint8_t>& command) {
    const std::uint8_t code = command[0];
    if (code == 0x20) mode_ = command[1] & 3;
    if (code == 0x21) window(command, columnStart_, columnEnd_, column_, columns - 1);
    if (code == 0x22) window(command, pageStart_, pageEnd_, page_, pages - 1);
    if (code == 0x81) contrast_ = command[1];
    if (code == 0x8D) chargePump_ = (command[1] & 4) != 0;
    if (code == 0xA6 || code == 0xA7) inverted_ = code == 0xA7;
    if (code == 0xAE || code == 0xAF) on_ = code == 0xAF;
    if (mode_ != byPage) return;
    if (code < 0x10) column_ = (column_ & 0xF0) | code;
    if (code >= 0x10 && code < 0x20) column_ = ((code & 0x07U) << 4) | (column_ & 0x0F);
    if (code >= 0xB0 && code <= 0xB7) page_ = code & 7;
  }

  static void window(const std::vector<std::uint8_t>& command, unsigned& start, unsigned& end,
                     unsigned& place, unsigned mask) {
    start = place = command[1] & mask;
    end = command[2] & mask;
  }

  void draw(std::uint8_t byte) {
    memory_[page_ * columns + column_] = byte;
    if (mode_ == byPage) {
      column_ = (column_ + 1) % columns;
    } else if (mode_ == horizontal) {
      if (step(column_, columnStart_, columnEnd_, columns)) step(page_, pageStart_, pageEnd_, pages);
    } else if (step(page_, pageStart_, pageEnd_, pages)) {
      step(column_, columnStart_, columnEnd_, columns);
    }
  }
  // True if it has gone back to the start.
  static bool step(unsigned& place, unsigned start, unsigned end, unsigned count) {
    const bool over = place == end;
    place = over ? start : (place + 1) % count;
    return over;
  }

  std::array<std::uint8_t, columns * pages> memory_{};
  std::vector<std::uint8_t> command_;  // not yet whole
  bool on_ = false;
  bool inverted_ = false;
  bool chargePump_ = false;
  std::uint8_t contrast_ = 0x7F;
  unsigned mode_ = byPage;
  unsigned column_ = 0;
  unsigned columnStart_ = 0;
  unsigned columnEnd_ = columns - 1;
  unsigned page_ = 0;
  unsigned pageStart_ = 0;
  unsigned pageEnd_ = pages - 1;
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimSsd1306() {
  return std::make_unique<Ssd1306>();
}

}  // namespace deskd
