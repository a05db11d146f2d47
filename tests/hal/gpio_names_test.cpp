// SPDX-License-Identifier: Apache-2.0
#include "hal/gpio_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace deskd {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<GpioLineInfo>& add(std::vector<GpioLineInfo>& lines, const std::string& chip,
                               const std::string& label, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const unsigned offset = static_cast<unsigned>(std::count_if(
        lines.begin(), lines.end(), [&](const auto& line) { return line.address.chip == chip; }));
    lines.push_back({.address = {chip, offset}, .chipLabel = label, .name = name});
  }
  return lines;
}

std::vector<std::string> header() {
  std::vector<std::string> names{"ID_SDA", "ID_SCL"};
  for (int number = 2; number < 28; ++number)
    names.push_back("GPIO" + std::to_string(number));
  return names;
}

std::vector<GpioLineInfo> pi4() {
  std::vector<GpioLineInfo> lines;
  add(lines, "gpiochip0", "pinctrl-bcm2711", header());
  return add(lines, "gpiochip1", "raspberrypi-exp-gpio", {"BT_ON", "WL_ON", ""});
}

// The header's chip comes first or last, as the kernel pleases.
std::vector<GpioLineInfo> pi5(const std::string& headerChip) {
  std::vector<GpioLineInfo> lines;
  add(lines, "gpiochip10", "gpio-brcmstb@107d508500", {"-", "2712_BOOT_CS_N", "-"});
  add(lines, "gpiochip11", "gpio-brcmstb@107d517c00", {"RP1_SDA", "-"});
  return add(lines, headerChip, "pinctrl-rp1", header());
}

std::string refusal(const std::vector<GpioLineInfo>& lines, const std::string& text) {
  try {
    const auto found = resolveLine(lines, text);
    return "found " + found.chip + ":" + std::to_string(found.offset);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(GpioNames, FindsALineByItsNameWhereverTheHeaderIs) {
  EXPECT_EQ(resolveLine(pi4(), "GPIO17"), (GpioAddress{"gpiochip0", 17}));
  EXPECT_EQ(resolveLine(pi5("gpiochip0"), "GPIO17"), (GpioAddress{"gpiochip0", 17}));
  EXPECT_EQ(resolveLine(pi5("gpiochip4"), "GPIO17"), (GpioAddress{"gpiochip4", 17}));
}

TEST(GpioNames, FindsALineByItsChipsLabelWhereverTheHeaderIs) {
  EXPECT_EQ(resolveLine(pi4(), "pinctrl-bcm2711:17"), (GpioAddress{"gpiochip0", 17}));
  EXPECT_EQ(resolveLine(pi5("gpiochip0"), "pinctrl-rp1:17"), (GpioAddress{"gpiochip0", 17}));
  EXPECT_EQ(resolveLine(pi5("gpiochip4"), "pinctrl-rp1:17"), (GpioAddress{"gpiochip4", 17}));
}

TEST(GpioNames, FindsALineByChipAndOffset) {
  EXPECT_EQ(resolveLine(pi4(), "gpiochip1:2"), (GpioAddress{"gpiochip1", 2}));
  EXPECT_EQ(resolveLine(pi4(), "/dev/gpiochip0:4"), (GpioAddress{"gpiochip0", 4}));
}

TEST(GpioNames, ANameThatLooksLikeAnOffsetIsStillAName) {
  std::vector<GpioLineInfo> lines = pi4();
  lines.push_back({.address = {"gpiochip2", 0}, .chipLabel = "x", .name = "gpiochip0:3"});
  EXPECT_EQ(resolveLine(lines, "gpiochip0:3"), (GpioAddress{"gpiochip2", 0}));
}

TEST(GpioNames, AnUnknownNameListsTheNearest) {
  EXPECT_EQ(refusal(pi4(), "GPOI17"),
            "expected a line's name, CHIP:OFFSET or LABEL:OFFSET, found \"GPOI17\"; the nearest names are "
            "GPIO17, GPIO7, GPIO10, GPIO11, GPIO12, GPIO13, GPIO14, GPIO15, GPIO16, GPIO18 and 2 more");
  EXPECT_THAT(refusal(pi4(), "gpio17"), HasSubstr("the nearest names are GPIO17,"));
  EXPECT_THAT(refusal(pi4(), "17"), HasSubstr("found \"17\"; the nearest names are GPIO17"));
  EXPECT_THAT(refusal(pi4(), "BT"), HasSubstr("the nearest names are BT_ON"));
}

TEST(GpioNames, ANameLikeNoOtherListsSomeOfThoseThatThereAre) {
  EXPECT_THAT(
      refusal(pi4(), "the lamp in the hall"),
      HasSubstr("the names are ID_SDA, ID_SCL, GPIO2, GPIO3, GPIO4, GPIO5, GPIO6, GPIO7, GPIO8, GPIO9 "
                "and 20 more"));
  EXPECT_THAT(refusal(pi4(), ""), HasSubstr("found \"\"; the names are"));
  EXPECT_THAT(refusal(pi4(), std::string(100'000, 'G')), HasSubstr("the names are"));
}

TEST(GpioNames, AnAmbiguousNameListsAllCandidates) {
  EXPECT_EQ(refusal(pi5("gpiochip0"), "-"),
            "expected one line, found 3 named \"-\"; choose out of gpiochip10:0 (gpio-brcmstb@107d508500), "
            "gpiochip10:2 (gpio-brcmstb@107d508500), gpiochip11:1 (gpio-brcmstb@107d517c00)");
}

TEST(GpioNames, ALabelOfTwoChipsListsBoth) {
  std::vector<GpioLineInfo> lines;
  add(lines, "gpiochip3", "expander", {"", ""});
  add(lines, "gpiochip5", "expander", {"", ""});
  EXPECT_EQ(refusal(lines, "expander:1"),
            "expected one line, found 2 chips labelled \"expander\"; choose out of gpiochip3:1, gpiochip5:1");
}

TEST(GpioNames, AnOffsetBeyondTheChipSaysHowManyItHas) {
  EXPECT_EQ(
      refusal(pi4(), "gpiochip0:99"),
      "expected a line's name, CHIP:OFFSET or LABEL:OFFSET, found \"gpiochip0:99\"; the chip is gpiochip0 "
      "(pinctrl-bcm2711, lines 0 to 27)");
  EXPECT_THAT(refusal(pi4(), "raspberrypi-exp-gpio:3"), HasSubstr("(raspberrypi-exp-gpio, lines 0 to 2)"));
  EXPECT_THAT(refusal(pi4(), "gpiochip0:99999999999"), Not(HasSubstr("found gpiochip0")));
}

TEST(GpioNames, AnUnknownChipListsTheChips) {
  EXPECT_THAT(refusal(pi4(), "gpiochip4:17"),
              HasSubstr("the chips are gpiochip0 (pinctrl-bcm2711, lines 0 to 27), gpiochip1 "
                        "(raspberrypi-exp-gpio, lines 0 to 2)"));
}

TEST(GpioNames, WhatIsNoOffsetIsAName) {
  for (const std::string text : {"gpiochip0:", ":17", "gpiochip0:-1", "gpiochip0:1x", "gpiochip0: 1"})
    EXPECT_THAT(refusal(pi4(), text), HasSubstr("names are")) << text;
}

TEST(GpioNames, ABoardWithoutNamesListsItsChips) {
  std::vector<GpioLineInfo> lines;
  add(lines, "gpiochip0", "soc", {"", "", ""});
  EXPECT_THAT(refusal(lines, "GPIO1"), HasSubstr("the chips are gpiochip0 (soc, lines 0 to 2)"));
  EXPECT_THAT(refusal({}, "GPIO1"), HasSubstr("there is no GPIO chip"));
}

}  // namespace
}  // namespace deskd
