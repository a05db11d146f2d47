// SPDX-License-Identifier: Apache-2.0
#include "hal/checksum.h"

#include <gtest/gtest.h>

#include "tests/hal/bytes.h"

namespace deskd {
namespace {

using test::ascii;
using test::Bytes;
using test::hex;

// The check values of the CRC catalogue (reveng) are those of the text "123456789".
const Bytes kCheck = ascii("123456789");

TEST(Checksum, SumsModulo256) {
  EXPECT_EQ(sum8(hex("")), 0);
  EXPECT_EQ(sum8(hex("FF 02")), 0x01);
  EXPECT_EQ(sum8(hex("01 03 03 3F 0F")), 0x55);  // captured: 831 mm
}

TEST(Checksum, XorsAllBytes) {
  EXPECT_EQ(xor8(hex("")), 0);
  EXPECT_EQ(xor8(hex("F0 0F 01")), 0xFE);
}

TEST(Checksum, Crc16ModbusHasTheCatalogueValue) {
  EXPECT_EQ(crc16Modbus(kCheck), 0x4B37);
  EXPECT_EQ(crc16Modbus(hex("")), 0xFFFF);
  EXPECT_EQ(crc16Modbus(hex("06 02 01 00")), 0xFCA0);  // LoctekMotion "up"
}

TEST(Checksum, Crc8OfSensirionHasTheDataSheetValue) {
  EXPECT_EQ(crc8(hex("BE EF")), 0x92);
  EXPECT_EQ(crc8(kCheck), 0xF7);
}

TEST(Checksum, Crc8OfSmbusHasTheCatalogueValue) {
  EXPECT_EQ(crc8Smbus(kCheck), 0xF4);
}

TEST(Checksum, Crc16IsSentInEitherOrder) {
  Bytes low, high;
  appendChecksum(Checksum::crc16ModbusLe, kCheck, low);
  appendChecksum(Checksum::crc16ModbusBe, kCheck, high);
  EXPECT_EQ(low, hex("37 4B"));
  EXPECT_EQ(high, hex("4B 37"));
}

TEST(Checksum, EveryKindMatchesWhatItAppendsAndNothingElse) {
  for (const Checksum kind : {Checksum::none, Checksum::sum8, Checksum::xor8, Checksum::crc16ModbusLe,
                              Checksum::crc16ModbusBe, Checksum::crc8}) {
    Bytes wire;
    appendChecksum(kind, kCheck, wire);
    ASSERT_EQ(wire.size(), checksumSize(kind));
    EXPECT_TRUE(checksumMatches(kind, kCheck, wire));
    for (std::size_t at = 0; at < wire.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes flipped = wire;
        flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1 << bit));
        EXPECT_FALSE(checksumMatches(kind, kCheck, flipped));
      }
    }
    wire.push_back(0);
    EXPECT_FALSE(checksumMatches(kind, kCheck, wire)) << "one byte too many";
  }
}

TEST(Checksum, EveryCrcSeesEverySingleBitError) {
  for (const Checksum kind : {Checksum::crc16ModbusLe, Checksum::crc16ModbusBe, Checksum::crc8}) {
    Bytes wire;
    appendChecksum(kind, kCheck, wire);
    for (std::size_t at = 0; at < kCheck.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes damaged = kCheck;
        damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ (1 << bit));
        EXPECT_FALSE(checksumMatches(kind, damaged, wire));
      }
    }
  }
}

}  // namespace
}  // namespace deskd
