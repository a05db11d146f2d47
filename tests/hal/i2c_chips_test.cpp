// SPDX-License-Identifier: Apache-2.0
// The simulated I2C chips, register by register, as their data sheets say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "hal/checksum.h"
#include "hal/sim/i2c_device.h"
#include "tests/hal/bytes.h"

namespace deskd {
namespace {

using namespace test;
using testing::HasSubstr;

// One chip on a bus of its own, and the time.
struct Chip {
  explicit Chip(const std::string& kind) : device(makeSimI2cDevice(kind)) {}

  bool write(const std::string& bytes) const { return device->write(hex(bytes), nowMs); }
  // Empty: not acknowledged.
  std::string read(std::size_t count) const {
    Bytes bytes(count);
    return device->read(bytes, nowMs) ? toHex(bytes) : "";
  }
  std::string at(const std::string& registerNumber, std::size_t count) const {
    return write(registerNumber) ? read(count) : "";
  }
  std::unique_ptr<SimI2cDevice> device;
  std::uint64_t nowMs = 1000;
};

nlohmann::json examples(const std::string& chip) {
  std::ifstream file(std::string(DESKD_SOURCE_DIR) + "/tests/vectors/i2c_examples.json");
  nlohmann::json found = nlohmann::json::array();
  for (const auto& example : nlohmann::json::parse(file))
    if (example.at("chip") == chip) found.push_back(example);
  EXPECT_FALSE(found.empty()) << chip;
  return found;
}

TEST(SimI2cDevices, KindsThatAreUnknownListTheKnown) {
  try {
    makeSimI2cDevice("lm57");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("bme280, bmp280, ina219"));
    EXPECT_THAT(error.what(), HasSubstr("\"lm57\""));
  }
}

TEST(SimI2cDevices, NamesThatAreUnknownListTheKnown) {
  const Chip chip("sht31");
  try {
    chip.device->set("pressure", 1);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "sht31: set: expected one of humidity, temperature, found \"pressure\"");
  }
  EXPECT_THROW(chip.device->get("pressure"), std::invalid_argument);
  EXPECT_THROW(chip.device->set("humidity", 101), std::invalid_argument);
}

TEST(SimI2cDevices, AcknowledgeAProbeByAnEmptyWrite) {
  for (const char* kind : {"bme280", "bmp280", "ina219", "lm75", "mcp23017", "pcf8574", "sht31", "ssd1306",
                           "vl53l0x", "vl53l1x"})
    EXPECT_TRUE(Chip(kind).write("")) << kind;
}

TEST(SimBme280, ShowsTheDataSheetsExample) {
  Chip chip("bme280");
  EXPECT_EQ(chip.at("F7", 8), "8000008000008000") << "nothing measured yet";
  chip.write("F2 01 F4 25");  // a pair for each register
  chip.nowMs += 20;
  for (const auto& example : examples("bme280")) {
    const std::string operation = example.at("op");
    const std::string bytes = example.at("bytes");
    EXPECT_EQ(chip.at(operation.substr(operation.find("0x") + 2, 2), bytes.size() / 2), bytes) << operation;
  }
}

TEST(SimBme280, MeasuresOnceForEachForcedStart) {
  Chip chip("bme280");
  chip.write("F2 01 F4 25");
  EXPECT_EQ(chip.at("F3", 1), "08");
  EXPECT_EQ(chip.at("F4", 1), "25");
  chip.nowMs += 8;
  EXPECT_EQ(chip.at("F3", 1), "08") << "1.25 + 2.3 + 2.875 + 2.875 ms";
  chip.nowMs += 2;
  EXPECT_EQ(chip.at("F3", 1), "00");
  EXPECT_EQ(chip.at("F4", 1), "24") << "asleep again";
  const std::string first = chip.at("F7", 8);
  chip.device->set("temperature", 10);
  chip.nowMs += 1000;
  EXPECT_EQ(chip.at("F7", 8), first);
  chip.write("F4 25");
  chip.nowMs += 10;
  EXPECT_NE(chip.at("F7", 8), first);
}

TEST(SimBme280, MeasuresAgainAndAgainInNormalMode) {
  Chip chip("bme280");
  chip.write("F5 80 F4 27");  // every 500 ms
  chip.nowMs += 10;
  const std::string first = chip.at("F7", 6);
  chip.device->set("pressure", 95000);
  chip.nowMs += 510;
  EXPECT_NE(chip.at("F7", 6), first);
  EXPECT_EQ(chip.at("F4", 1), "27");
}

TEST(SimBme280, LeavesOutWhatIsNotAskedFor) {
  Chip chip("bme280");
  chip.write("F4 21");  // temperature only
  chip.nowMs += 10;
  EXPECT_EQ(chip.at("F7", 8), "8000007EED008000");
}

TEST(SimBme280, ResetForgetsTheSettings) {
  Chip chip("bme280");
  chip.write("F2 01 F5 A0 F4 27");
  chip.write("E0 B6");
  EXPECT_EQ(chip.at("F2", 4), "00010000") << "copies its calibration for 2 ms";
  chip.nowMs += 2;
  EXPECT_EQ(chip.at("F3", 1), "00");
}

TEST(SimBmp280, IsABme280WithoutHumidity) {
  Chip chip("bmp280");
  EXPECT_EQ(chip.at("D0", 1), "58");
  chip.write("F2 01 F4 25");
  chip.nowMs += 20;
  EXPECT_EQ(chip.at("F7", 8), "655AC07EED000000");
  EXPECT_EQ(chip.at("E1", 7), "00000000000000");
  EXPECT_THROW(chip.device->set("humidity", 50), std::invalid_argument);
}

TEST(SimSht31, ShowsTheExamples) {
  for (const auto& example : examples("sht31")) {
    if (example.at("op") == "crc8") {
      EXPECT_EQ(crc8(hex("BEEF")), 0x92);
      continue;
    }
    Chip chip("sht31");
    chip.device->set("temperature", example.at("meaning").at("T_C"));
    chip.device->set("humidity", example.at("meaning").at("RH"));
    EXPECT_TRUE(chip.write("2400"));
    chip.nowMs += 15;
    EXPECT_EQ(chip.read(6), example.at("bytes").get<std::string>());
  }
}

TEST(SimSht31, DoesNotAcknowledgeWhileItMeasures) {
  Chip chip("sht31");
  EXPECT_EQ(chip.read(6), "") << "nothing measured";
  EXPECT_TRUE(chip.write("2400"));
  chip.nowMs += 14;
  EXPECT_EQ(chip.read(6), "");
  EXPECT_FALSE(chip.write("F32D"));
  EXPECT_TRUE(chip.write("")) << "its address alone it does";
  chip.nowMs += 1;
  EXPECT_EQ(chip.read(6).size(), 12U);
  EXPECT_EQ(chip.read(6), "") << "once only";
}

TEST(SimSht31, HasAStatusAndAHeater) {
  Chip chip("sht31");
  EXPECT_EQ(chip.at("F32D", 3), "8010E1");
  chip.write("3041");
  EXPECT_EQ(chip.at("F32D", 3), "000081");
  chip.write("306D");
  EXPECT_EQ(chip.at("F32D", 2), "2000");
  EXPECT_EQ(chip.device->get("heater"), 1);
  chip.write("30A2");
  chip.nowMs += 2;
  EXPECT_EQ(chip.at("F32D", 2), "8010");
  EXPECT_FALSE(chip.write("1234")) << "no such command";
}

TEST(SimIna219, ShowsTheExamples) {
  for (const auto& example : examples("ina219")) {
    const Chip chip("ina219");
    const auto& meaning = example.at("meaning");
    chip.device->set("shuntVoltage", meaning.at("shunt_mV").get<double>() / 1000);
    chip.device->set("busVoltage", meaning.at("bus_V"));
    EXPECT_EQ(chip.at("01", 2) + "/" + chip.at("02", 2), example.at("bytes").get<std::string>());
  }
}

TEST(SimIna219, ComputesCurrentAndPowerFromItsCalibration) {
  Chip chip("ina219");
  EXPECT_EQ(chip.at("00", 2), "399F");
  chip.device->set("current", 1.5);
  chip.device->set("busVoltage", 12);
  EXPECT_EQ(chip.at("04", 2), "0000") << "not calibrated";
  chip.write("05 1000");  // 0.1 mA, 0.1 ohm
  chip.nowMs += 2;
  EXPECT_EQ(chip.at("04", 2), "3A98") << "15000";
  EXPECT_EQ(chip.at("03", 2), "2328") << "9000 times 2 mW";
  EXPECT_EQ(chip.at("02", 2), "5DC0") << "reading the power takes the ready bit";
  chip.nowMs += 2;
  EXPECT_EQ(chip.at("02", 2), "5DC2");
}

TEST(SimIna219, ClipsAtItsRangesAndSaysThatTheCurrentOverflowed) {
  Chip chip("ina219");
  chip.write("00 019F");  // 16 V, 40 mV
  chip.write("05 FFFE");
  chip.device->set("busVoltage", 24);
  chip.device->set("current", 1);
  EXPECT_EQ(chip.at("02", 2), "0000") << "still converting";
  chip.nowMs += 2;
  EXPECT_EQ(chip.at("01", 2), "0FA0");
  EXPECT_EQ(chip.at("02", 2), "7D03");
  chip.write("00 8000");
  EXPECT_EQ(chip.at("00", 2), "399F");
}

TEST(SimIna219, MeasuresOnlyWhenItsModeSaysSo) {
  Chip chip("ina219");
  EXPECT_EQ(chip.at("02", 2), "2712");
  chip.write("00 3998");  // power down
  chip.device->set("busVoltage", 10);
  chip.nowMs += 10;
  EXPECT_EQ(chip.at("02", 2), "2710");
  chip.write("00 399B");  // once
  chip.nowMs += 2;
  EXPECT_EQ(chip.at("02", 2), "4E22");
  chip.device->set("busVoltage", 5);
  chip.nowMs += 10;
  EXPECT_EQ(chip.at("02", 2), "4E22");
}

TEST(SimLm75, ShowsTheExamples) {
  for (const auto& example : examples("lm75")) {
    const Chip chip("lm75");
    chip.device->set("temperature", example.at("meaning").at("T_C"));
    EXPECT_EQ(chip.at("00", 2), example.at("bytes").get<std::string>());
  }
}

TEST(SimLm75, HasLimitsAnAlarmAndAShutDown) {
  const Chip chip("lm75");
  EXPECT_EQ(chip.at("02", 2), "4B00");
  EXPECT_EQ(chip.at("03", 2), "5000");
  chip.write("03 1E00");
  chip.write("02 1900");
  chip.device->set("temperature", 30);
  EXPECT_EQ(chip.device->get("alarm"), 1);
  chip.device->set("temperature", 26);
  EXPECT_EQ(chip.device->get("alarm"), 1) << "until below the hysteresis";
  chip.device->set("temperature", 24.9);
  EXPECT_EQ(chip.device->get("alarm"), 0);
  EXPECT_EQ(chip.at("00", 2), "18E0");
  chip.write("01 01");
  EXPECT_EQ(chip.at("01", 1), "01");
  chip.device->set("temperature", 50);
  EXPECT_EQ(chip.at("00", 2), "18E0") << "shut down";
}

TEST(SimPcf8574, ReadsItsPinsAndNotItsLatch) {
  const Chip chip("pcf8574");
  EXPECT_EQ(chip.read(1), "FF");
  chip.write("F0");
  EXPECT_EQ(chip.read(1), "F0");
  chip.device->set("pin7", 0);
  EXPECT_EQ(chip.read(2), "7070");
  chip.device->set("pin0", 1);
  EXPECT_EQ(chip.read(1), "70") << "driven low by the chip";
  EXPECT_EQ(chip.device->get("latch"), 0xF0);
  chip.write("FF");
  EXPECT_EQ(chip.device->get("pins"), 0x7F);
}

TEST(SimMcp23017, StartsWithInputsAndDrivesWhatItsLatchSays) {
  const Chip chip("mcp23017");
  EXPECT_EQ(chip.at("00", 4), "FFFF0000");
  chip.write("14 A5 5A");
  EXPECT_EQ(chip.at("12", 2), "0000") << "the latch of an input is not seen";
  chip.write("00 00 00");
  EXPECT_EQ(chip.at("12", 2), "A55A");
  chip.write("12 01");
  EXPECT_EQ(chip.device->get("latchA"), 1);
  EXPECT_EQ(chip.device->get("pinA0"), 1);
}

TEST(SimMcp23017, InputsHavePullUpsAndPolarity) {
  const Chip chip("mcp23017");
  chip.write("0C 03");
  EXPECT_EQ(chip.at("12", 1), "03");
  chip.device->set("pinA0", 0);
  chip.device->set("pinA2", 1);
  EXPECT_EQ(chip.at("12", 1), "06");
  chip.write("02 0F");
  EXPECT_EQ(chip.at("12", 1), "09");
  chip.device->set("pinA0", -1);
  EXPECT_EQ(chip.at("12", 1), "08") << "let go, and pulled up";
}

TEST(SimMcp23017, CapturesTheFirstChange) {
  const Chip chip("mcp23017");
  chip.write("05 03");  // GPINTENB
  chip.device->set("pinB0", 1);
  EXPECT_EQ(chip.device->get("interruptB"), 1);
  chip.device->set("pinB1", 1);
  EXPECT_EQ(chip.at("0F", 1), "01");
  EXPECT_EQ(chip.at("11", 1), "01");
  EXPECT_EQ(chip.device->get("interruptB"), 0);
  EXPECT_EQ(chip.at("13", 1), "03");
}

TEST(SimMcp23017, ComparesWithADefaultAndKnowsTheOtherOrderOfRegisters) {
  const Chip chip("mcp23017");
  chip.write("0A 80");
  chip.write("12 01");  // GPINTENB, DEFVALB, INTCONB
  chip.write("13 01");
  chip.write("14 01");
  EXPECT_EQ(chip.at("17", 1), "01") << "differs from its default already";
  chip.device->set("pinB0", 1);
  EXPECT_EQ(chip.at("19", 1), "01");
  EXPECT_EQ(chip.at("17", 1), "00");
  chip.write("05 20");  // sequential operation off, back to the usual order
  chip.write("14 01 02 03");
  EXPECT_EQ(chip.device->get("latchA"), 3);
  EXPECT_EQ(chip.device->get("latchB"), 2);
}

TEST(SimSsd1306, DrawsInAWindow) {
  const Chip chip("ssd1306");
  EXPECT_EQ(chip.read(1), "43") << "off";
  chip.write("00 AE D5 80 A8 3F D3 00 40 8D 14 20 00 A1 C8 DA 12 D9 F1 DB 40 A4 A6 2E 81 CF AF");
  EXPECT_EQ(chip.device->get("on"), 1);
  EXPECT_EQ(chip.device->get("contrast"), 0xCF);
  EXPECT_EQ(chip.device->get("charge-pump"), 1);
  chip.write("00 21 7E 7F 22 01 02");
  chip.write("40 FF 0F 01");
  EXPECT_EQ(chip.device->get("lit"), 13);
  EXPECT_EQ(chip.device->get("column"), 0x7F);
  EXPECT_EQ(chip.device->get("page"), 2);
  chip.write("40 00 00");
  EXPECT_EQ(chip.device->get("lit"), 5) << "back at the window's start";
  EXPECT_EQ(chip.read(1), "03");
}

TEST(SimSsd1306, TakesAWholePictureAndControlBytesOneByOne) {
  const Chip chip("ssd1306");
  chip.write("80 20 80 00 80 A7");
  EXPECT_EQ(chip.device->get("inverted"), 1);
  chip.write("00 21 00 7F 22 00 07");
  Bytes picture(1025, 0xFF);
  picture[0] = 0x40;
  chip.device->write(picture, chip.nowMs);
  EXPECT_EQ(chip.device->get("lit"), 128 * 64);
}

TEST(SimVl53l0x, IdentifiesItself) {
  const Chip chip("vl53l0x");
  EXPECT_EQ(chip.at("C0", 3), "EEAA10");
  chip.write("8A 30");
  EXPECT_EQ(chip.device->get("address"), 0x30);
}

TEST(SimVl53l0x, ShowsTheExamples) {
  for (const auto& example : examples("vl53l0x")) {
    Chip chip("vl53l0x");
    if (example.at("op") == "read 0xC0") {
      EXPECT_EQ(chip.at("C0", 1), example.at("bytes").get<std::string>());
      continue;
    }
    chip.device->set("distance", example.at("meaning").at("mm"));
    chip.write("00 01");
    chip.nowMs += 33;
    EXPECT_NE(chip.at("13", 1), "00");
    EXPECT_EQ(chip.at("1E", 2), example.at("bytes").get<std::string>());
  }
}

TEST(SimVl53l0x, MeasuresOnceAndKeepsTheRangeUntilItIsCleared) {
  Chip chip("vl53l0x");
  EXPECT_EQ(chip.at("13", 1), "00");
  chip.write("00 01");
  EXPECT_EQ(chip.at("00", 1), "01");
  chip.nowMs += 2;
  EXPECT_EQ(chip.at("00", 1), "00") << "has begun";
  chip.nowMs += 30;
  EXPECT_EQ(chip.at("13", 1), "00");
  chip.nowMs += 1;
  EXPECT_EQ(chip.at("13", 1), "04");
  chip.device->set("distance", 700);
  EXPECT_EQ(chip.at("1E", 2), "01F4");
  chip.write("0B 01");
  EXPECT_EQ(chip.at("13", 1), "00");
  chip.nowMs += 1000;
  EXPECT_EQ(chip.at("13", 1), "00") << "once only";
}

TEST(SimVl53l0x, MeasuresAgainAndAgainUntilStopped) {
  Chip chip("vl53l0x");
  chip.write("04 00 00 00 64");
  chip.write("00 04");
  chip.nowMs += 33;
  EXPECT_EQ(chip.at("13", 1), "04");
  chip.write("0B 01");
  chip.nowMs += 99;
  EXPECT_EQ(chip.at("13", 1), "00");
  chip.nowMs += 1;
  EXPECT_EQ(chip.at("13", 1), "04");
  chip.write("0B 01");
  chip.write("00 01");
  chip.nowMs += 1000;
  EXPECT_EQ(chip.at("13", 1), "00");
}

TEST(SimVl53l0x, WritesToOtherPagesStartNothing) {
  Chip chip("vl53l0x");
  chip.write("FF 01");
  chip.write("00 01");
  chip.write("FF 00");
  chip.nowMs += 100;
  EXPECT_EQ(chip.at("13", 1), "00");
}

TEST(SimVl53l1x, IdentifiesItselfAndBoots) {
  Chip chip("vl53l1x");
  EXPECT_EQ(chip.at("010F", 2), examples("vl53l1x")[0].at("bytes").get<std::string>());
  EXPECT_EQ(chip.at("00E5", 1), "03");
  chip.write("0000 00");
  chip.write("0000 01");
  EXPECT_EQ(chip.at("00E5", 1), "") << "deaf after a reset";
  chip.nowMs += 1;
  EXPECT_EQ(chip.at("00E5", 1), "00");
  chip.nowMs += 1;
  EXPECT_EQ(chip.at("00E5", 1), "03");
}

TEST(SimVl53l1x, MeasuresOnceAndScalesTheRange) {
  Chip chip("vl53l1x");
  chip.device->set("distance", 2011);
  EXPECT_EQ(chip.at("0031", 1), "03") << "active low";
  chip.write("0087 10");
  chip.nowMs += 49;
  EXPECT_EQ(chip.at("0031", 1), "03");
  chip.nowMs += 1;
  EXPECT_EQ(chip.at("0031", 1), "02");
  EXPECT_EQ(chip.at("0089", 17), "0900010000000000000000000008000000");
  EXPECT_EQ(chip.at("0096", 2), "0800");
  chip.write("0086 01");
  EXPECT_EQ(chip.at("0031", 1), "03");
  chip.nowMs += 1000;
  EXPECT_EQ(chip.at("0031", 1), "03");
}

TEST(SimVl53l1x, MeasuresAtItsPeriodAndSaysWhenItSeesNothing) {
  Chip chip("vl53l1x");
  EXPECT_EQ(chip.at("00DE", 2), "03E8");
  chip.write("006C 000186A0");  // 100 ms
  chip.write("0087 40");
  chip.nowMs += 50;
  EXPECT_EQ(chip.at("0031", 1), "02");
  chip.write("0086 01");
  chip.device->set("distance", 4001);
  chip.nowMs += 99;
  EXPECT_EQ(chip.at("0031", 1), "03");
  chip.nowMs += 1;
  EXPECT_EQ(chip.at("0031", 1), "02");
  EXPECT_EQ(chip.at("0089", 3), "040002");
  chip.write("0086 01");
  chip.write("0087 80");
  chip.nowMs += 1000;
  EXPECT_EQ(chip.at("0031", 1), "03");
}

}  // namespace
}  // namespace deskd
