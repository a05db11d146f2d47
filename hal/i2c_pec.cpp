// SPDX-License-Identifier: Apache-2.0
#include "hal/i2c_pec.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include "hal/base/error.h"
#include "hal/checksum.h"

namespace deskd {
namespace {

std::uint8_t codeOf(I2cAddress address, const std::vector<I2cSegment>& segments) {
  std::vector<std::uint8_t> wire;
  for (const I2cSegment& segment : segments) {
    wire.push_back(static_cast<std::uint8_t>(address.value << 1 | (segment.read ? 1 : 0)));
    wire.insert(wire.end(), segment.bytes.begin(), segment.bytes.end());
  }
  return crc8Smbus(wire);
}

std::string hexByte(std::uint8_t byte) {
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), "0x%02x", byte);
  return digits.data();
}

}  // namespace

void transferWithPec(I2cBus& bus, I2cAddress address, std::vector<I2cSegment>& segments) {
  if (address.tenBit) throw std::out_of_range("pec: expected an address of 7 bits, found one of 10");
  if (segments.empty()) return bus.transfer(address, segments);
  I2cSegment& last = segments.back();
  if (!last.read) {
    // A write without bytes is SMBus's quick command, which has no code.
    const bool quick = segments.size() == 1 && last.bytes.empty();
    if (!quick) last.bytes.push_back(codeOf(address, segments));
    return bus.transfer(address, segments);
  }
  ++last.length;
  bus.transfer(address, segments);
  --last.length;
  const std::uint8_t found = last.bytes.back();
  last.bytes.pop_back();
  const std::uint8_t expected = codeOf(address, segments);
  if (found != expected)
    throwErrno(EBADMSG,
               "read from " + bus.name() + " address " + hexByte(static_cast<std::uint8_t>(address.value)) +
                   ": packet error code: expected " + hexByte(expected) + ", found " + hexByte(found));
}

}  // namespace deskd
