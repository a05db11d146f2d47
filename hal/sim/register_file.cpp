// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/register_file.h"

#include <cmath>
#include <cstdlib>
#include <stdexcept>

namespace deskd {
namespace {

std::uint8_t numberOf(const std::string& name) {
  char* end = nullptr;
  const unsigned long number = std::strtoul(name.c_str(), &end, 0);
  if (name.empty() || *end != '\0' || number > 0xff)
    throw std::invalid_argument("register: expected 0x00 to 0xff, found " + name);
  return static_cast<std::uint8_t>(number);
}

}  // namespace

bool RegisterFile::write(std::span<const std::uint8_t> bytes, std::uint64_t) {
  if (bytes.empty()) return true;
  next_ = bytes.front();
  for (const std::uint8_t byte : bytes.subspan(1))
    registers_[next_++] = byte;
  return true;
}

bool RegisterFile::read(std::span<std::uint8_t> into, std::uint64_t) {
  for (std::uint8_t& byte : into)
    byte = registers_[next_++];
  return true;
}

void RegisterFile::set(const std::string& name, double value) {
  if (!(value >= 0 && value <= 255) || value != std::floor(value))
    throw std::invalid_argument(name + ": expected an integer from 0 to 255, found " + std::to_string(value));
  registers_[numberOf(name)] = static_cast<std::uint8_t>(value);
}

double RegisterFile::get(const std::string& name) const {
  return registers_[numberOf(name)];
}

}  // namespace deskd
