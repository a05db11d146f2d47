// SPDX-License-Identifier: Apache-2.0
// The simulated I2C bus, with a chip that is nothing but registers, and failures by error number.
#include "hal/sim/i2c_bus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <system_error>

#include "hal/sim/faults.h"
#include "hal/sim/register_file.h"

namespace deskd {
namespace {

using testing::ElementsAre;

std::vector<I2cSegment> writeThenRead(std::vector<std::uint8_t> bytes, std::size_t length) {
  std::vector<I2cSegment> segments(2);
  segments[0].bytes = std::move(bytes);
  segments[1].read = true;
  segments[1].length = length;
  return segments;
}

template <class F>
int errorOf(const F& action) {
  try {
    action();
    return 0;
  } catch (const std::system_error& error) {
    return error.code().value();
  }
}

class SimI2cBusTest : public testing::Test {
 protected:
  SimI2cBusTest() { bus_.add(0x29, std::make_unique<RegisterFile>()); }
  int transferError(std::uint16_t address) {
    auto segments = writeThenRead({0x10}, 1);
    return errorOf([&] { bus_.transfer({address, false}, segments, 0); });
  }
  SimI2cBus bus_{"i2c-1"};
};

TEST_F(SimI2cBusTest, WritesAndReadsRegistersInOneTransfer) {
  std::vector<I2cSegment> write(1);
  write[0].bytes = {0x10, 0xab, 0xcd};
  bus_.transfer({0x29, false}, write, 0);
  auto read = writeThenRead({0x10}, 3);
  bus_.transfer({0x29, false}, read, 0);
  EXPECT_THAT(read[1].bytes, ElementsAre(0xab, 0xcd, 0x00));
  bus_.at(0x29).set("0x12", 7);
  EXPECT_EQ(bus_.at(0x29).get("0x12"), 7);
  EXPECT_EQ(bus_.at(0x29).get("18"), 7);
  EXPECT_THROW(bus_.at(0x29).set("0x100", 7), std::invalid_argument);
  EXPECT_THROW(bus_.at(0x29).set("0x10", 256), std::invalid_argument);
}

TEST_F(SimI2cBusTest, NobodyAcknowledgesWhereNobodyIs) {
  EXPECT_EQ(transferError(0x2a), EREMOTEIO);
  EXPECT_EQ(bus_.probe(0x29), true);
  EXPECT_EQ(bus_.probe(0x2a), false);
  bus_.claim(0x2a, true);
  EXPECT_EQ(bus_.probe(0x2a), std::nullopt) << "a driver has it";
  bus_.remove(0x29);
  EXPECT_EQ(transferError(0x29), EREMOTEIO);
  EXPECT_THROW(bus_.remove(0x29), std::invalid_argument);
}

TEST_F(SimI2cBusTest, FaultsConcernOneAddressOrAll) {
  bus_.add(0x40, std::make_unique<RegisterFile>());
  bus_.setFault(SimI2cBus::Fault::nack, 0x29);
  EXPECT_EQ(transferError(0x29), EREMOTEIO);
  EXPECT_EQ(bus_.probe(0x29), false);
  EXPECT_EQ(transferError(0x40), 0);
  bus_.setFault(SimI2cBus::Fault::stuck, std::nullopt);
  EXPECT_TRUE(bus_.stuck(0x40));
  EXPECT_FALSE(bus_.stuck(0x29)) << "its own fault comes first";
  bus_.setFault(SimI2cBus::Fault::none, std::nullopt);
  EXPECT_EQ(transferError(0x29), 0);
  EXPECT_EQ(transferError(0x40), 0);
}

TEST_F(SimI2cBusTest, RefusesWhatTheAdapterCannot) {
  auto segments = writeThenRead({0x10}, 1);
  EXPECT_EQ(errorOf([&] { bus_.transfer({0x129, true}, segments, 0); }), EOPNOTSUPP);
  segments.clear();
  EXPECT_EQ(errorOf([&] { bus_.transfer({0x29, false}, segments, 0); }), EINVAL);
  EXPECT_THROW(bus_.add(0x78, std::make_unique<RegisterFile>()), std::invalid_argument);
}

TEST(SimFaults, ComeWhenTheyAreDueAndGo) {
  SimFaults faults;
  faults.add({.operation = "gpio-set", .error = EIO, .after = 2, .count = 2, .line = {}});
  const auto error = [&](const char* operation, std::vector<SimLineId> lines = {}) {
    return errorOf([&] { faults.check(operation, lines); });
  };
  std::vector<int> seen;
  for (int use = 0; use < 6; ++use)
    seen.push_back(error("gpio-set"));
  EXPECT_THAT(seen, ElementsAre(0, 0, EIO, EIO, 0, 0));
  faults.add({.operation = "gpio-set", .error = ENODEV, .after = 0, .count = {}, .line = 17});
  EXPECT_EQ(error("gpio-set", {18}), 0);
  EXPECT_EQ(error("gpio-get", {17}), 0);
  for (int use = 0; use < 3; ++use)
    EXPECT_EQ(error("gpio-set", {18, 17}), ENODEV);
  faults.clear();
  EXPECT_EQ(error("gpio-set", {17}), 0);
  EXPECT_THROW(faults.add({.operation = "gpio-sit", .error = EIO, .after = 0, .count = 1, .line = {}}),
               std::invalid_argument);
}

}  // namespace
}  // namespace deskd
