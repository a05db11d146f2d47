// SPDX-License-Identifier: Apache-2.0
// The shipped drivers and scripts for I2C chips, on simulated ones.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/bindings/script_fixture.h"
#include "tests/fakes/sim_bus.h"
#include "tests/hal/loop_runner.h"

namespace deskd {
namespace {

using namespace test;
using Fault = SimBus::Fault;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class I2cDrivers : public ScriptTest {
 protected:
  I2cDrivers() {
    board_ = std::make_unique<SimBusBoard>(i2c_);
    services_.script.boardPath = path("board");
    services_.script.libraryPath = DESKD_SOURCE_DIR;
  }
  ~I2cDrivers() override { close(); }

  // `body` has the driver's class and `device` at `address`.
  void runDriver(const std::string& file, const std::string& name, int address, const std::string& body) {
    run("import * as i2c from 'deskd:i2c'; import {" + name + "} from '" DESKD_SOURCE_DIR "/scripts/lib/" +
        file + "';\nconst device = await i2c.open({bus: 1, address: " + std::to_string(address) + "});\n" +
        body);
    ASSERT_FALSE(loadError_) << loadError_->message;
    ASSERT_FALSE(failure_) << failure_->message << "\n" << failure_->stack;
  }
  static nlohmann::json examples(const std::string& chip, const std::string& operation) {
    std::ifstream file(DESKD_SOURCE_DIR "/tests/vectors/i2c_examples.json");
    nlohmann::json found = nlohmann::json::array();
    for (const auto& example : nlohmann::json::parse(file))
      if (example.at("chip") == chip && example.at("op").get<std::string>().rfind(operation, 0) == 0)
        found.push_back(example.at("meaning"));
    EXPECT_FALSE(found.empty()) << chip;
    return found;
  }

  SimBus i2c_;
};

TEST_F(I2cDrivers, Bme280ReadsTheDataSheetsExample) {
  i2c_.add(0x76, "bme280");
  const auto meaning = examples("bme280", "read 0xF7")[0];
  runDriver("bme280.js", "Bme280", 0x76,
            "const sensor = new Bme280(device); const values = await sensor.measure();"
            "console.log(sensor.model, sensor.hasHumidity);"
            "console.log(values.temperatureC.toFixed(2), values.pressurePa.toFixed(2),"
            "  values.humidityPercent.toFixed(1));");
  ASSERT_EQ(logged_.size(), 2U);
  EXPECT_EQ(logged_[0], "BME280 true");
  std::array<char, 64> expected{};
  std::snprintf(expected.data(), expected.size(), "%.2f %.2f 45.0", meaning.at("T_C").get<double>(),
                meaning.at("P_Pa").get<double>());
  EXPECT_EQ(logged_[1], expected.data());
}

TEST_F(I2cDrivers, Bme280ReadsWhatTheChipMeasures) {
  i2c_.add(0x77, "bme280");
  for (const auto& [celsius, pascal, percent] :
       {std::tuple{-20.0, 108000.0, 5.0}, std::tuple{0.0, 95000.0, 60.0}, std::tuple{40.0, 70000.0, 95.0}}) {
    i2c_.set(0x77, "temperature", celsius);
    i2c_.set(0x77, "pressure", pascal);
    i2c_.set(0x77, "humidity", percent);
    runDriver("bme280.js", "Bme280", 0x77,
              "const {temperatureC, pressurePa, humidityPercent} = await new Bme280(device).measure();"
              "console.log(temperatureC); console.log(pressurePa); console.log(humidityPercent);");
    ASSERT_EQ(logged_.size(), 3U);
    EXPECT_NEAR(std::stod(logged_[0]), celsius, 0.005);
    EXPECT_NEAR(std::stod(logged_[1]), pascal, 0.5);
    EXPECT_NEAR(std::stod(logged_[2]), percent, 0.05);
  }
}

TEST_F(I2cDrivers, Bme280KnowsABmp280AndRefusesOthers) {
  i2c_.add(0x76, "bmp280");
  i2c_.add(0x77, "lm75");
  runDriver("bme280.js", "Bme280", 0x76,
            "const sensor = new Bme280(device); const values = await sensor.measure();"
            "console.log(sensor.model, values.humidityPercent, values.temperatureC.toFixed(2));");
  EXPECT_THAT(logged_, ElementsAre("BMP280 null 25.08"));
  runDriver("bme280.js", "Bme280", 0x77,
            "await new Bme280(device).measure().catch((error) => console.log(error.code, error.message));");
  EXPECT_THAT(logged_,
              ElementsAre(HasSubstr("ERR_WRONG_CHIP BME280 at 0x77: expected the id 0x60 or 0x58, found")));
}

TEST_F(I2cDrivers, Ina219ReadsTheExamples) {
  i2c_.add(0x40, "ina219");
  for (const auto& meaning : examples("ina219", "read 01")) {
    const double shuntV = meaning.at("shunt_mV").get<double>() / 1000;
    i2c_.set(0x40, "busVoltage", meaning.at("bus_V"));
    i2c_.set(0x40, "shuntVoltage", shuntV);
    runDriver("ina219.js", "Ina219", 0x40,
              "const {busV, shuntV, currentA, powerW, ready} = await new Ina219(device).measure();"
              "for (const value of [busV, shuntV, currentA, powerW, ready]) console.log(value);");
    ASSERT_EQ(logged_.size(), 5U);
    EXPECT_NEAR(std::stod(logged_[0]), meaning.at("bus_V"), 1e-9);
    EXPECT_NEAR(std::stod(logged_[1]), shuntV, 1e-9);
    EXPECT_NEAR(std::stod(logged_[2]), shuntV / 0.1, 1e-9);
    EXPECT_NEAR(std::stod(logged_[3]), shuntV / 0.1 * meaning.at("bus_V").get<double>(), 1e-9);
    EXPECT_EQ(logged_[4], "true");
  }
}

TEST_F(I2cDrivers, Ina219SetsItsRangeAndRefusesOthers) {
  i2c_.add(0x40, "ina219");
  i2c_.add(0x41, "lm75");
  i2c_.set(0x40, "shuntResistance", 0.01);
  i2c_.set(0x40, "current", -7.5);
  runDriver("ina219.js", "Ina219", 0x40,
            "const sensor = new Ina219(device, {shuntOhm: 0.01}); await device.writeRegister(0, 0x019f, "
            "{length: 2});"
            "await sensor.begin(); await new Promise((resolve) => { setTimeout(resolve, 2); });"
            "console.log((await sensor.measure()).currentA.toFixed(3));"
            "const other = await i2c.open({bus: 1, address: 0x41});"
            "await new Ina219(other).begin().catch((error) => console.log(error.code));");
  EXPECT_THAT(logged_, ElementsAre("-7.500", "ERR_WRONG_CHIP"));
}

TEST_F(I2cDrivers, Lm75ReadsTheExamples) {
  i2c_.add(0x48, "lm75");
  for (const auto& meaning : examples("lm75", "read 00")) {
    i2c_.set(0x48, "temperature", meaning.at("T_C"));
    runDriver("lm75.js", "Lm75", 0x48, "console.log((await new Lm75(device).measure()).temperatureC);");
    ASSERT_EQ(logged_.size(), 1U);
    EXPECT_EQ(std::stod(logged_[0]), meaning.at("T_C").get<double>());
  }
}

TEST_F(I2cDrivers, Sht31ReadsTheExamples) {
  i2c_.add(0x44, "sht31");
  for (const auto& meaning : examples("sht31", "write 2400")) {
    i2c_.set(0x44, "temperature", meaning.at("T_C"));
    i2c_.set(0x44, "humidity", meaning.at("RH"));
    runDriver("sht31.js", "Sht31", 0x44,
              "const {temperatureC, humidityPercent} = await new Sht31(device).measure();"
              "console.log(temperatureC); console.log(humidityPercent);");
    ASSERT_EQ(logged_.size(), 2U);
    EXPECT_NEAR(std::stod(logged_[0]), meaning.at("T_C"), 0.002);
    EXPECT_NEAR(std::stod(logged_[1]), meaning.at("RH"), 0.001);
  }
}

TEST_F(I2cDrivers, Vl53l0xReadsTheExamples) {
  i2c_.add(0x29, "vl53l0x");
  for (const auto& meaning : examples("vl53l0x", "read 0x1E")) {
    i2c_.set(0x29, "distance", meaning.at("mm"));
    runDriver(
        "vl53l0x.js", "Vl53l0x", 0x29,
        "const sensor = new Vl53l0x(device); await sensor.begin(); console.log(await sensor.measure());");
    const std::string mm = std::to_string(meaning.at("mm").get<int>());
    EXPECT_THAT(logged_, ElementsAre(meaning.at("out_of_range").get<bool>() ? "null" : mm));
  }
}

TEST_F(I2cDrivers, Vl53l0xMeasuresAgainAndAgainUntilStopped) {
  i2c_.add(0x29, "vl53l0x");
  i2c_.set(0x29, "distance", 735);
  runDriver(
      "vl53l0x.js", "Vl53l0x", 0x29,
      "const sensor = new Vl53l0x(device, {timeoutMs: 100}); await sensor.begin();"
      "await sensor.start(); console.log(await sensor.read(), await sensor.read());"
      "await sensor.start({periodMs: 40}); console.log(await sensor.read(), await sensor.read());"
      "await sensor.stop(); await sensor.read().catch((error) => console.log(error.code, error.message));"
      "console.log(await sensor.measure());");
  EXPECT_THAT(logged_, ElementsAre("735 735", "735 735",
                                   HasSubstr("ETIMEDOUT VL53L0X: range: expected it within"), "735"));
}

TEST_F(I2cDrivers, Vl53l1xMeasuresOnceOrAgainAndAgain) {
  i2c_.add(0x29, "vl53l1x");
  for (const int mm : {60, 735, 1250, 3999}) {
    i2c_.set(0x29, "distance", mm);
    runDriver("vl53l1x.js", "Vl53l1x", 0x29,
              "const sensor = new Vl53l1x(device); await sensor.begin(); console.log(await sensor.measure());"
              "await sensor.start({periodMs: 60}); console.log(await sensor.read(), await sensor.read());"
              "await sensor.stop();");
    const std::string text = std::to_string(mm);
    EXPECT_THAT(logged_, ElementsAre(text, text + " " + text));
  }
  i2c_.set(0x29, "distance", 5000);
  runDriver("vl53l1x.js", "Vl53l1x", 0x29,
            "const sensor = new Vl53l1x(device); await sensor.begin(); console.log(await sensor.measure());");
  EXPECT_THAT(logged_, ElementsAre("null"));
}

TEST_F(I2cDrivers, RangeSensorsRefuseEachOther) {
  i2c_.add(0x29, "vl53l1x");
  runDriver("vl53l0x.js", "Vl53l0x", 0x29,
            "await new Vl53l0x(device).begin().catch((error) => console.log(error.code));");
  EXPECT_THAT(logged_, ElementsAre("ERR_WRONG_CHIP"));
  i2c_.add(0x29, "vl53l0x");
  runDriver("vl53l1x.js", "Vl53l1x", 0x29,
            "await new Vl53l1x(device).begin().catch((error) => console.log(error.code));");
  EXPECT_THAT(logged_, ElementsAre("ERR_WRONG_CHIP"));
}

// scripts/bme280.js as a user has it.
class Bme280Script : public I2cDrivers {
 protected:
  void start(const std::string& settings) {
    services_.script.path = DESKD_SOURCE_DIR "/scripts/bme280.js";
    services_.script.name = "bme280";
    services_.script.settingsJson = settings;
    open();
    ASSERT_FALSE(loadError_) << loadError_->message;
    isolate_->run();
  }
  bool waitFor(const std::string& call) {
    return runUntil(
        *loop_, [&] { return failure_ || std::find(calls().begin(), calls().end(), call) != calls().end(); });
  }
  std::vector<std::string>& calls() { return bus_.hubCalls; }
};

TEST_F(Bme280Script, ShowsWhatTheChipMeasures) {
  i2c_.add(0x76, "bme280");
  start("{}");
  ASSERT_TRUE(waitFor("state humidity 45"));
  EXPECT_FALSE(failure_);
  EXPECT_THAT(calls(), Contains("state temperature 25.1"));
  EXPECT_THAT(calls(), Contains("state pressure 1006.5"));
  EXPECT_THAT(calls(), Contains(StartsWith("declare humidity sensor")));
  EXPECT_THAT(logged_, ElementsAre("BME280 at 0x76 answers"));
}

TEST_F(Bme280Script, IsUnavailableWhileTheChipIsGoneAndComesBack) {
  i2c_.add(0x77, "bmp280");
  start(R"({"address": 119, "interval_s": 1})");
  ASSERT_TRUE(waitFor("state pressure 1006.5"));
  EXPECT_THAT(calls(), testing::Not(Contains(HasSubstr("humidity"))));
  i2c_.fail(Fault::nack);
  ASSERT_TRUE(waitFor("unavailable"));
  i2c_.set(0x77, "temperature", 30);
  i2c_.fail(Fault::none);
  ASSERT_TRUE(waitFor("state temperature 30"));
  EXPECT_EQ(calls().back(), "available");
  EXPECT_FALSE(failure_);
  EXPECT_THAT(logged_, ElementsAre("BMP280 at 0x77 answers",
                                   StartsWith("no measurement, ERR_NACK: i2c-1 address 0x77"),
                                   "BMP280 at 0x77 answers"));
}

TEST_F(Bme280Script, RefusesSettingsThatMakeNoSense) {
  i2c_.add(0x76, "bme280");
  start(R"({"interval_s": 0})");
  ASSERT_TRUE(failure_);
  EXPECT_THAT(failure_->message, HasSubstr("setting interval_s: expected a number from 1 to 86400, found 0"));
}

}  // namespace
}  // namespace deskd
