// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/i2c_chip.h"

#include <stdexcept>

namespace deskd {
namespace {

struct Kind {
  const char* name;
  std::unique_ptr<SimI2cDevice> (*make)();
};
constexpr std::array kinds{
    Kind{"bme280", makeSimBme280},   Kind{"bmp280", makeSimBmp280},     Kind{"ina219", makeSimIna219},
    Kind{"lm75", makeSimLm75},       Kind{"mcp23017", makeSimMcp23017}, Kind{"pcf8574", makeSimPcf8574},
    Kind{"sht31", makeSimSht31},     Kind{"ssd1306", makeSimSsd1306},   Kind{"vl53l0x", makeSimVl53l0x},
    Kind{"vl53l1x", makeSimVl53l1x},
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimI2cDevice(const std::string& kind) {
  std::string names;
  for (const Kind& known : kinds) {
    if (kind == known.name) return known.make();
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  throw std::invalid_argument("I2C device: expected one of " + names + ", found \"" + kind + "\"");
}

void SimI2cChip::offer(const std::string& name, Get get, Set set) {
  values_[name] = {std::move(get), std::move(set)};
}

void SimI2cChip::offer(const std::string& name, double& place, double least, double most) {
  offer(
      name, [&place] { return place; },
      [this, &place, name, least, most](double value) {
        if (!(value >= least && value <= most))
          throw std::invalid_argument(kind_ + ": " + name + ": expected a number from " +
                                      std::to_string(least) + " to " + std::to_string(most) + ", found " +
                                      std::to_string(value));
        place = value;
      });
}

void SimI2cChip::set(const std::string& name, double value) {
  const auto found = values_.find(name);
  if (found == values_.end() || !found->second.set) throwUnknown("set", name, true);
  found->second.set(value);
}

double SimI2cChip::get(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throwUnknown("get", name, false);
  return found->second.get();
}

void SimI2cChip::throwUnknown(std::string_view what, const std::string& found, bool settable) const {
  std::string names;
  for (const auto& [name, value] : values_)
    if (!settable || value.set) names += (names.empty() ? "" : ", ") + name;
  throw std::invalid_argument(kind_ + ": " + std::string(what) + ": expected " +
                              (names.empty() ? "nothing" : "one of " + names) + ", found \"" + found + "\"");
}

bool SimRegisterChip::write(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) {
  if (!acknowledges(nowMs)) return false;
  const std::size_t width = index_ == Index::oneByte ? 1 : 2;
  if (bytes.empty()) return true;
  selected_ =
      width == 1 ? bytes[0] : static_cast<unsigned>(bytes[0] << 8 | (bytes.size() > 1 ? bytes[1] : 0));
  if (bytes.size() < width) return true;
  for (const std::uint8_t byte : bytes.subspan(width)) {
    writeRegister(selected_, byte, nowMs);
    selected_ = after(selected_);
  }
  return true;
}

bool SimRegisterChip::read(std::span<std::uint8_t> into, std::uint64_t nowMs) {
  if (!acknowledges(nowMs)) return false;
  for (std::uint8_t& byte : into) {
    byte = readRegister(selected_, nowMs);
    selected_ = after(selected_);
  }
  return true;
}

bool SimWordChip::write(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) {
  if (bytes.empty()) return true;
  selected_ = bytes[0];
  if (isByte(selected_) && bytes.size() >= 2)
    writeWord(selected_, static_cast<std::uint16_t>(bytes[1] << 8 | bytes[1]), nowMs);
  else if (bytes.size() >= 3)
    writeWord(selected_, static_cast<std::uint16_t>(bytes[1] << 8 | bytes[2]), nowMs);
  return true;
}

bool SimWordChip::read(std::span<std::uint8_t> into, std::uint64_t nowMs) {
  if (into.empty()) return true;
  const std::uint16_t word = readWord(selected_, nowMs);
  for (std::size_t at = 0; at < into.size(); ++at)
    into[at] = static_cast<std::uint8_t>(at % 2 == 0 ? word >> 8 : word & 0xFF);
  return true;
}

}  // namespace deskd
