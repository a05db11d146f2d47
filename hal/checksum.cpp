// SPDX-License-Identifier: Apache-2.0
#include "hal/checksum.h"

#include <array>

namespace deskd {
namespace {

// Both CRCs of one byte go by table: frames are checked again from every byte at which one might begin.
constexpr std::array<std::uint16_t, 256> modbusTable() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned index = 0; index < table.size(); ++index) {
    unsigned crc = index;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
    table[index] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

constexpr std::array<std::uint8_t, 256> crc8Table(unsigned polynomial) {
  std::array<std::uint8_t, 256> table{};
  for (unsigned index = 0; index < table.size(); ++index) {
    unsigned crc = index;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 0x80) != 0 ? (crc << 1) ^ polynomial : crc << 1;
    table[index] = static_cast<std::uint8_t>(crc);
  }
  return table;
}

constexpr auto kModbus = modbusTable();
constexpr auto kSensirion = crc8Table(0x31);
constexpr auto kSmbus = crc8Table(0x07);

std::uint8_t crc8With(const std::array<std::uint8_t, 256>& table, unsigned crc,
                      std::span<const std::uint8_t> data) {
  for (const std::uint8_t byte : data)
    crc = table[(crc ^ byte) & 0xFF];
  return static_cast<std::uint8_t>(crc);
}

// The checksum in the order in which it is sent; only the first checksumSize() bytes mean anything.
std::array<std::uint8_t, 2> wireBytes(Checksum kind, std::span<const std::uint8_t> data) {
  switch (kind) {
    case Checksum::none:
      return {};
    case Checksum::sum8:
      return {sum8(data), 0};
    case Checksum::xor8:
      return {xor8(data), 0};
    case Checksum::crc8:
      return {crc8(data), 0};
    case Checksum::crc16ModbusLe:
    case Checksum::crc16ModbusBe:
      break;
  }
  const unsigned crc = crc16Modbus(data);
  const auto low = static_cast<std::uint8_t>(crc & 0xFF);
  const auto high = static_cast<std::uint8_t>(crc >> 8);
  if (kind == Checksum::crc16ModbusLe) return {low, high};
  return {high, low};
}

}  // namespace

std::uint8_t sum8(std::span<const std::uint8_t> data) {
  unsigned sum = 0;
  for (const std::uint8_t byte : data)
    sum += byte;
  return static_cast<std::uint8_t>(sum & 0xFF);
}

std::uint8_t xor8(std::span<const std::uint8_t> data) {
  unsigned result = 0;
  for (const std::uint8_t byte : data)
    result ^= byte;
  return static_cast<std::uint8_t>(result);
}

std::uint16_t crc16Modbus(std::span<const std::uint8_t> data) {
  unsigned crc = 0xFFFF;
  for (const std::uint8_t byte : data)
    crc = (crc >> 8) ^ kModbus[(crc ^ byte) & 0xFF];
  return static_cast<std::uint16_t>(crc);
}

std::uint8_t crc8(std::span<const std::uint8_t> data) {
  return crc8With(kSensirion, 0xFF, data);
}

std::uint8_t crc8Smbus(std::span<const std::uint8_t> data) {
  return crc8With(kSmbus, 0, data);
}

std::size_t checksumSize(Checksum kind) {
  switch (kind) {
    case Checksum::none:
      return 0;
    case Checksum::sum8:
    case Checksum::xor8:
    case Checksum::crc8:
      return 1;
    case Checksum::crc16ModbusLe:
    case Checksum::crc16ModbusBe:
      return 2;
  }
  return 0;
}

void appendChecksum(Checksum kind, std::span<const std::uint8_t> data, std::vector<std::uint8_t>& to) {
  const auto bytes = wireBytes(kind, data);
  to.insert(to.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(checksumSize(kind)));
}

bool checksumMatches(Checksum kind, std::span<const std::uint8_t> data, std::span<const std::uint8_t> found) {
  const std::size_t size = checksumSize(kind);
  if (found.size() != size) return false;
  const auto expected = wireBytes(kind, data);
  for (std::size_t index = 0; index < size; ++index) {
    if (expected[index] != found[index]) return false;
  }
  return true;
}

}  // namespace deskd
