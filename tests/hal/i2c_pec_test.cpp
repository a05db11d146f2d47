// SPDX-License-Identifier: Apache-2.0
#include "hal/i2c_pec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <system_error>

#include "hal/checksum.h"
#include "tests/hal/bytes.h"

namespace deskd {
namespace {

using namespace test;
using testing::HasSubstr;

// Remembers what was written, and reads what it is told.
class EchoBus final : public I2cBus {
 public:
  void transfer(I2cAddress, std::vector<I2cSegment>& segments) override {
    for (I2cSegment& segment : segments) {
      if (segment.read)
        segment.bytes = Bytes(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(segment.length));
      else
        written += toHex(segment.bytes) + ".";
    }
  }
  std::optional<bool> probe(std::uint16_t) override { return true; }
  std::string name() const override { return "i2c-1"; }
  std::string written;
  Bytes answer;
};

TEST(I2cPec, IsTheCrcOfSmbus) {
  const std::string check = "123456789";
  EXPECT_EQ(crc8Smbus(ascii(check)), 0xF4)
      << "the catalogue's check value of CRC-8 with polynomial 07, initial 0";
}

TEST(I2cPec, IsAppendedToWhatIsWritten) {
  EchoBus bus;
  std::vector<I2cSegment> segments{{false, hex("0155"), 0}};
  transferWithPec(bus, {0x5A}, segments);
  EXPECT_EQ(bus.written, "0155" + toHex(Bytes{crc8Smbus(hex("B40155"))}) + ".");
}

// The temperature in the data sheet of the MLX90614: address 5A, command 07, D2 3A, code 30.
TEST(I2cPec, IsCheckedAndTakenFromWhatIsRead) {
  EchoBus bus;
  bus.answer = hex("D23A30");
  std::vector<I2cSegment> segments{{false, hex("07"), 0}, {true, {}, 2}};
  transferWithPec(bus, {0x5A}, segments);
  EXPECT_EQ(bus.written, "07.");
  EXPECT_EQ(toHex(segments[1].bytes), "D23A");
  EXPECT_EQ(segments[1].length, 2U);
}

TEST(I2cPec, ThatIsWrongIsAnErrorThatNamesBoth) {
  EchoBus bus;
  bus.answer = hex("D23B30");
  std::vector<I2cSegment> segments{{false, hex("07"), 0}, {true, {}, 2}};
  try {
    transferWithPec(bus, {0x5A}, segments);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EBADMSG);
    EXPECT_THAT(error.what(), HasSubstr("read from i2c-1 address 0x5a: packet error code: expected 0x"));
    EXPECT_THAT(error.what(), HasSubstr("found 0x30"));
  }
}

TEST(I2cPec, LeavesTheQuickCommandAlone) {
  EchoBus bus;
  std::vector<I2cSegment> segments{{false, {}, 0}};
  transferWithPec(bus, {0x5A}, segments);
  EXPECT_EQ(bus.written, ".");
}

TEST(I2cPec, HasNoTenBitAddresses) {
  EchoBus bus;
  std::vector<I2cSegment> segments{{false, hex("00"), 0}};
  EXPECT_THROW(transferWithPec(bus, {0x15A, true}, segments), std::out_of_range);
}

}  // namespace
}  // namespace deskd
