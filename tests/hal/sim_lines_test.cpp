// SPDX-License-Identifier: Apache-2.0
// What the wires of the simulated board do.
#include "hal/sim/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SimLinesTest : public testing::Test {
 protected:
  SimLinesTest() {
    lines_.onChange([this](const SimLineChange& change) {
      said_.push_back(std::to_string(change.atNs) + " " + lines_.title(change.line) +
                      (change.level ? " 1" : " 0"));
    });
  }
  SimLineId line(const char* name) const { return lines_.find(name); }
  void output(const char* name, std::optional<bool> level, std::uint64_t nowNs = 0) {
    const std::vector<std::pair<SimLineId, std::optional<bool>>> outputs{{line(name), level}};
    lines_.output(outputs, nowNs);
  }
  void drive(const char* name, std::optional<bool> level, std::uint64_t nowNs = 0) {
    lines_.drive(kPerson, line(name), level, nowNs);
  }
  bool level(const char* name) const { return lines_.level(line(name)); }

  SimLines lines_{makeHeader(SimHeader::pi4)};
  std::vector<std::string> said_;
};

TEST_F(SimLinesTest, HasTheHeaderOfAPi4) {
  EXPECT_EQ(lines_.size(), 58u + 8u);
  EXPECT_EQ(lines_.address(line("GPIO17")), (GpioAddress{"gpiochip0", 17}));
  EXPECT_EQ(lines_.chipLabel(line("GPIO17")), "pinctrl-bcm2711");
  EXPECT_EQ(line("ID_SDA"), line("gpiochip0:0"));
  EXPECT_EQ(line("RGMII_TXD3"), line("pinctrl-bcm2711:57"));
  EXPECT_EQ(line("BT_ON"), line("gpiochip1:0"));
  EXPECT_EQ(lines_.title(line("gpiochip1:7")), "gpiochip1:7") << "has no name";
  EXPECT_THROW(line("GPIO58"), std::invalid_argument);
  EXPECT_THROW(line("gpiochip0:58"), std::invalid_argument);
  EXPECT_THROW(line(""), std::invalid_argument);
  EXPECT_THROW(line("gpiochip0:"), std::invalid_argument);
}

TEST(SimHeader, OfAPi5IsTheRp1) {
  const SimLines lines(makeHeader(SimHeader::pi5));
  EXPECT_EQ(lines.size(), 54u);
  EXPECT_EQ(lines.find("GPIO27"), lines.find("gpiochip0:27"));
  EXPECT_EQ(lines.find("RP1_STAT_LED"), lines.find("pinctrl-rp1:44"));
  EXPECT_EQ(lines.find("EN_MAX_USB_CUR"), lines.find("gpiochip0:49"));
}

TEST_F(SimLinesTest, IsPulledAsAPiAtReset) {
  EXPECT_TRUE(level("GPIO2"));
  EXPECT_TRUE(level("GPIO8"));
  EXPECT_FALSE(level("GPIO9"));
  EXPECT_FALSE(level("GPIO27"));
}

TEST_F(SimLinesTest, DrivenBeatsPulledAndOuterPullsBeatInnerOnes) {
  lines_.pull(line("GPIO17"), SimPull::up, 1);
  EXPECT_TRUE(level("GPIO17")) << "stronger than the chip's own pull-down";
  drive("GPIO17", false, 2);
  EXPECT_FALSE(level("GPIO17"));
  drive("GPIO17", std::nullopt, 3);
  EXPECT_TRUE(level("GPIO17"));
  lines_.pull(line("GPIO17"), SimPull::none, 4);
  EXPECT_FALSE(level("GPIO17"));
  EXPECT_THAT(said_, ElementsAre("1 GPIO17 1", "2 GPIO17 0", "3 GPIO17 1", "4 GPIO17 0"));
}

TEST_F(SimLinesTest, NothingThatDrivesOrPullsKeepsTheLevel) {
  lines_.bias(line("GPIO17"), SimPull::none);
  output("GPIO17", true, 1);
  output("GPIO17", std::nullopt, 2);
  EXPECT_TRUE(level("GPIO17"));
  EXPECT_THAT(said_, ElementsAre("1 GPIO17 1"));
}

TEST_F(SimLinesTest, LowWinsWhereTwoDrive) {
  output("GPIO17", true);
  drive("GPIO17", false);
  EXPECT_FALSE(level("GPIO17"));
  drive("GPIO17", true);
  EXPECT_TRUE(level("GPIO17"));
  lines_.drive(7, line("GPIO17"), false, 0);
  EXPECT_FALSE(level("GPIO17")) << "a plant is one more";
  lines_.dropSource(7, 1);
  EXPECT_TRUE(level("GPIO17"));
}

TEST_F(SimLinesTest, WiresCarryLevels) {
  lines_.wire(line("GPIO17"), line("GPIO22"), 1);
  lines_.wire(line("GPIO22"), line("BT_ON"), 2);
  output("GPIO17", true, 3);
  EXPECT_TRUE(level("GPIO22"));
  EXPECT_TRUE(level("BT_ON"));
  EXPECT_THAT(said_, ElementsAre("3 GPIO17 1", "3 GPIO22 1", "3 BT_ON 1"));
  lines_.unwire(line("GPIO22"), 4);
  EXPECT_TRUE(level("GPIO17"));
  EXPECT_FALSE(level("GPIO22"));
  EXPECT_TRUE(level("BT_ON")) << "floats";
}

TEST_F(SimLinesTest, OutputsThatAreSetTogetherChangeTogether) {
  output("GPIO23", true, 1);
  std::vector<std::string> seen;
  lines_.onChange([&](const SimLineChange&) {
    seen.push_back(std::string(level("GPIO23") ? "1" : "0") + (level("GPIO24") ? "1" : "0"));
  });
  const std::vector<std::pair<SimLineId, std::optional<bool>>> swap{{line("GPIO24"), true},
                                                                    {line("GPIO23"), false}};
  lines_.output(swap, 2);
  EXPECT_THAT(seen, ElementsAre("01", "01")) << "both in force before anybody is told";
}

TEST_F(SimLinesTest, AContactBouncesAndComesToRest) {
  lines_.bounce(line("GPIO17"), 2, 4000);
  drive("GPIO17", true, 10'000);
  EXPECT_EQ(lines_.nextNs(), 11'000u);
  lines_.advance(12'500);
  EXPECT_THAT(said_, ElementsAre("10000 GPIO17 1", "11000 GPIO17 0", "12000 GPIO17 1"));
  said_.clear();
  lines_.advance(99'000);
  EXPECT_THAT(said_, ElementsAre("13000 GPIO17 0", "14000 GPIO17 1")) << "stamped with the time it was due";
  EXPECT_EQ(lines_.nextNs(), std::nullopt);
  said_.clear();
  drive("GPIO17", true, 100'000);
  EXPECT_EQ(lines_.nextNs(), std::nullopt) << "nothing has changed, nothing bounces";
  lines_.bounce(line("GPIO17"), 0, 0);
  drive("GPIO17", false, 101'000);
  lines_.advance(999'000);
  EXPECT_THAT(said_, ElementsAre("101000 GPIO17 0"));
}

TEST_F(SimLinesTest, ASecondChangeEndsTheBouncingOfTheFirst) {
  lines_.bounce(line("GPIO17"), 1, 2000);
  drive("GPIO17", true, 0);
  drive("GPIO17", false, 500);
  lines_.advance(10'000);
  EXPECT_THAT(said_, ElementsAre("0 GPIO17 1", "500 GPIO17 0", "1500 GPIO17 1", "2500 GPIO17 0"));
}

}  // namespace
}  // namespace deskd
