// SPDX-License-Identifier: Apache-2.0
// What is connected to a simulated board: levels, time and chips as plants meet them.
#include "hal/sim/board_plants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/serial.h"
#include "hal/sim/register_file.h"
#include "tests/hal/loop_runner.h"
#include "tests/hal/sim_board_fixture.h"

namespace deskd {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t kUs = 1000;

class BoardPlantsTest : public testing::Test {
 protected:
  BoardPlantsTest() {
    board_.lines().onChange([this](const SimLineChange& change) {
      if (board_.lines().title(change.line) == "GPIO24")
        echoes_.push_back(std::to_string(change.atNs / kUs) + (change.level ? " up" : " down"));
    });
  }
  void trigger(std::uint64_t atUs, std::uint64_t forUs) {
    for (const auto& [level, us] : {std::pair(true, atUs), std::pair(false, atUs + forUs)}) {
      advance(us);
      board_.lines().drive(kPerson, board_.lines().find("GPIO23"), level, us * kUs);
      plants_.deliver();
    }
  }
  void advance(std::uint64_t nowUs) {
    for (auto next = plants_.nextNs(); next && *next <= nowUs * kUs; next = plants_.nextNs())
      plants_.advance(*next);
  }

  TempDirectory directory_;
  Loop loop_;
  SimBoard board_{SimBoardOptions{}};
  BoardSerial serial_{loop_, directory_.path("serial")};
  BoardPlants plants_{board_, serial_, [](const auto& action) { action(0); }};
  std::vector<std::string> echoes_;
};

TEST_F(BoardPlantsTest, AnUltrasonicSensorAnswersAsLongAsSoundTakes) {
  const PlantOptions options({{"trigger", "GPIO23"}, {"echo", "GPIO24"}, {"distance", "343"}});
  const unsigned sensor = plants_.add("ultrasonic", options, 0);
  EXPECT_EQ(sensor, 1u);
  trigger(1000, 10);
  advance(100'000);
  EXPECT_THAT(echoes_, ElementsAre("1460 up", "3460 down"));
  echoes_.clear();
  trigger(200'000, 9);
  advance(300'000);
  EXPECT_THAT(echoes_, ElementsAre()) << "too short a pulse";
  plants_.set(sensor, "distance", "9000", 0);
  trigger(400'000, 20);
  trigger(401'000, 20);
  advance(500'000);
  EXPECT_THAT(echoes_, ElementsAre("400470 up", "438470 down"))
      << "nothing seen; the second pulse is too early";
  plants_.set(sensor, "connected", "0", 0);
  echoes_.clear();
  trigger(600'000, 20);
  advance(700'000);
  EXPECT_THAT(echoes_, ElementsAre());
  EXPECT_EQ(plants_.get(sensor, "connected", 0), "0");
}

TEST_F(BoardPlantsTest, ARemovedPlantDrivesNothing) {
  board_.lines().pull(board_.lines().find("GPIO24"), SimPull::up, 0);
  const unsigned sensor =
      plants_.add("ultrasonic", PlantOptions({{"trigger", "GPIO23"}, {"echo", "GPIO24"}}), 0);
  EXPECT_FALSE(board_.lines().level(board_.lines().find("GPIO24")));
  plants_.remove(sensor, 1);
  EXPECT_TRUE(board_.lines().level(board_.lines().find("GPIO24")));
  EXPECT_THROW(plants_.get(sensor, "distance", 2), std::invalid_argument);
}

TEST_F(BoardPlantsTest, MistakesAreNamed) {
  const auto complaint = [&](const std::string& kind, std::map<std::string, std::string> options) {
    try {
      plants_.add(kind, PlantOptions(std::move(options)), 0);
      return std::string("no complaint");
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
  };
  EXPECT_THAT(complaint("windmill", {}), HasSubstr("expected one of loctek, relay-desk, ultrasonic"));
  EXPECT_EQ(complaint("ultrasonic", {{"trigger", "GPIO23"}}), "echo: expected a value, found none");
  EXPECT_THAT(complaint("ultrasonic", {{"trigger", "GPIO23"}, {"echo", "GPIO99"}}),
              HasSubstr("found GPIO99"));
  EXPECT_EQ(complaint("ultrasonic", {{"trigger", "GPIO23"}, {"echo", "GPIO24"}, {"range", "1"}}),
            "options: expected some of trigger, echo, distance, found range");
  EXPECT_EQ(complaint("ultrasonic", {{"trigger", "GPIO23"}, {"echo", "GPIO24"}, {"distance", "near"}}),
            "distance: expected a number from 20 to 100000, found near");
}

// Notes what it is told; turns what it sees on "in" around on "out"; can be made to throw.
class Inverter final : public SimPlant {
 public:
  Inverter(PlantBoard& board, std::vector<std::string>& told) : board_(board), told_(told) {
    board_.watch("GPIO17");
    board_.watch("gpiochip0:22");
    board_.addSerial("inverter");
  }
  void onLevel(const std::string& line, bool level, std::uint64_t nowNs) override {
    if (broken_) throw std::runtime_error("smoke");
    told_.push_back(std::to_string(nowNs) + " " + line + (level ? " 1" : " 0"));
    if (line == "GPIO17") board_.drive("GPIO22", !level);
    board_.setI2c("1", 0x29, "0x10", level ? 1 : 0);
  }
  void onSerial(const std::string& port, std::span<const std::uint8_t> bytes, std::uint64_t) override {
    told_.push_back(port + " " + std::to_string(bytes.size()));
    board_.writeSerial(port, bytes);
  }
  void set(const std::string&, const std::string&, std::uint64_t) override { broken_ = true; }
  std::string get(const std::string& name, std::uint64_t) const override {
    return std::to_string(board_.getI2c("1", 0x29, name));
  }

 private:
  PlantBoard& board_;
  std::vector<std::string>& told_;
  bool broken_ = false;
};

class OwnPlantTest : public BoardPlantsTest {
 protected:
  OwnPlantTest() { board_.bus("1").add(0x29, std::make_unique<RegisterFile>()); }
  std::vector<std::string> told_;
  BoardPlants own_{board_, serial_, [](const auto& action) { action(7); },
                   [this](const auto&, PlantBoard& board, const auto&, auto) {
                     return std::make_unique<Inverter>(board, told_);
                   }};
  void drive(bool level, std::uint64_t nowNs) {
    board_.lines().drive(kPerson, board_.lines().find("GPIO17"), level, nowNs);
    own_.deliver();
  }
};

TEST_F(OwnPlantTest, IsToldOfLevelsButNotOfItsOwn) {
  const unsigned plant = own_.add("inverter", {}, 0);
  drive(true, 5);
  drive(false, 6);
  EXPECT_THAT(told_, ElementsAre("5 GPIO17 1", "6 GPIO17 0"));
  EXPECT_TRUE(board_.lines().level(board_.lines().find("GPIO22")));
  EXPECT_EQ(own_.get(plant, "0x10", 7), "0.000000");
}

TEST_F(OwnPlantTest, HasItsSerialPortAsLongAsItself) {
  const unsigned plant = own_.add("inverter", {}, 0);
  SerialOptions options;
  options.path = directory_.path("serial.inverter");
  const auto port = openSerialPort(options);
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  port->write(bytes);
  ASSERT_TRUE(runUntil(loop_, [&] { return readable(port->fd(), 0); }));
  std::vector<std::uint8_t> echo(8);
  echo.resize(port->read(echo));
  EXPECT_EQ(echo, bytes);
  EXPECT_THAT(told_, ElementsAre("inverter 3"));
  own_.remove(plant, 1);
  EXPECT_THROW(openSerialPort(options), std::system_error);
}

TEST_F(OwnPlantTest, ThatFailsDoesNothingMoreAndSaysWhy) {
  const unsigned plant = own_.add("inverter", {}, 0);
  own_.set(plant, "broken", "1", 1);
  drive(true, 2);
  drive(false, 3);
  EXPECT_THAT(told_, ElementsAre());
  try {
    own_.get(plant, "0x10", 4);
    FAIL() << "expected its failure";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the plant has failed: smoke");
  }
  own_.remove(plant, 5);
}

class BoardPlantsOverTheSocket : public SimBoardTest {};

TEST_F(BoardPlantsOverTheSocket, EchoesAreStampedToTheMicrosecond) {
  EXPECT_EQ(say("sim plant add ultrasonic trigger=GPIO23 echo=GPIO24 distance=343"), "1");
  const auto board = makeSimBoard(thread_.path());
  GpioInputOptions options;
  options.lines = {{"gpiochip0", 24}};
  options.edge = GpioEdge::both;
  const auto echo = board->gpio().input(options);
  say("sim drive GPIO23 1");
  say("sim drive GPIO23 0");
  std::vector<GpioEvent> events;
  while (events.size() < 2 && readable(echo->fd()))
    for (const GpioEvent& event : echo->readEvents())
      events.push_back(event);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ((events[1].timestampNs - events[0].timestampNs) / kUs, 2000u) << "however late the board is";
  say("sim plant set 1 distance 686");
  EXPECT_EQ(say("sim plant get 1 distance"), "686");
  say("sim plant remove 1");
}

}  // namespace
}  // namespace deskd
