// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace deskd {

// What guards a frame, and in which order its bytes travel.
enum class Checksum { none, sum8, xor8, crc16ModbusLe, crc16ModbusBe, crc8 };

std::uint8_t sum8(std::span<const std::uint8_t> data);
std::uint8_t xor8(std::span<const std::uint8_t> data);
// Polynomial 0x8005 reflected, initial value 0xFFFF. Modbus sends the low byte first, LoctekMotion the high
// byte.
std::uint16_t crc16Modbus(std::span<const std::uint8_t> data);
// Polynomial 0x31, initial value 0xFF: Sensirion's sensors.
std::uint8_t crc8(std::span<const std::uint8_t> data);
// Polynomial 0x07, initial value 0: the packet error code of SMBus.
std::uint8_t crc8Smbus(std::span<const std::uint8_t> data);

// Bytes on the wire: 0, 1 or 2.
std::size_t checksumSize(Checksum kind);
void appendChecksum(Checksum kind, std::span<const std::uint8_t> data, std::vector<std::uint8_t>& to);
// `found` must be exactly checksumSize(kind) bytes.
bool checksumMatches(Checksum kind, std::span<const std::uint8_t> data, std::span<const std::uint8_t> found);

}  // namespace deskd
