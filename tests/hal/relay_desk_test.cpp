// SPDX-License-Identifier: Apache-2.0
// The simulated desk with two relays: its motor, its limit switches, and what its sensors see on a board.
#include "hal/sim/relay_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/sim/board_plants.h"
#include "tests/hal/loop_runner.h"
#include "tests/hal/sim_board_fixture.h"

namespace deskd {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

class RelayDeskTest : public testing::Test {
 protected:
  void relay(Travel direction, bool on) { desk_.setRelay(direction, on, nowMs_); }
  void wait(std::uint64_t ms) {
    nowMs_ += ms;
    desk_.advance(nowMs_);
  }

  std::uint64_t nowMs_ = 1000;
  RelayDesk desk_{RelayDeskOptions{}, 1000};
};

TEST_F(RelayDeskTest, MovesWhileARelayIsOnAndCoastsAfterIt) {
  relay(Travel::up, true);
  EXPECT_FALSE(desk_.contact(Travel::up)) << "contacts need their time";
  wait(2008);
  EXPECT_EQ(desk_.travel(), Travel::up);
  EXPECT_NEAR(desk_.heightMm(), 720 + 25 * (2 - 0.075), 0.1);
  relay(Travel::up, false);
  const double releasedMm = desk_.heightMm();
  wait(8);
  EXPECT_NEAR(desk_.heightMm() - releasedMm, 0.2, 0.01) << "so that it runs on at full speed";
  wait(1000);
  EXPECT_EQ(desk_.travel(), Travel::still);
  EXPECT_NEAR(desk_.heightMm() - releasedMm, 4.2, 0.1);
  EXPECT_EQ(desk_.nextMs(), std::nullopt);
}

TEST_F(RelayDeskTest, GoesDownAtAnotherSpeed) {
  relay(Travel::down, true);
  wait(2008);
  EXPECT_NEAR(desk_.heightMm(), 720 - 30 * (2 - 0.075), 0.1);
}

TEST_F(RelayDeskTest, AdvancesAlikeInOneStepAndInMany) {
  RelayDesk other(RelayDeskOptions{}, 1000);
  other.setRelay(Travel::up, true, 1000);
  relay(Travel::up, true);
  wait(3000);
  for (auto next = other.nextMs(); next && *next <= 4000; next = other.nextMs())
    other.advance(*next);
  other.advance(4000);
  EXPECT_DOUBLE_EQ(other.heightMm(), desk_.heightMm());
}

TEST_F(RelayDeskTest, ALimitSwitchTakesThePowerOff) {
  relay(Travel::up, true);
  wait(60'000);
  EXPECT_EQ(desk_.heightMm(), 1270);
  EXPECT_EQ(desk_.travel(), Travel::still);
  EXPECT_EQ(desk_.currentA(), 0);
  relay(Travel::up, false);
  wait(500);
  relay(Travel::down, true);
  wait(1000);
  EXPECT_LT(desk_.heightMm(), 1250);
  EXPECT_GT(desk_.currentA(), 0.9);
}

TEST_F(RelayDeskTest, DrawsMoreAtTheStartAndMostWhenItIsHeld) {
  desk_.setObstacle(800, nowMs_);
  relay(Travel::up, true);
  wait(8);
  EXPECT_NEAR(desk_.currentA(), 2.5, 0.01);
  wait(500);
  EXPECT_NEAR(desk_.currentA(), 1, 0.01);
  wait(5000);
  EXPECT_EQ(desk_.heightMm(), 800);
  EXPECT_NEAR(desk_.currentA(), 3, 0.01);
  relay(Travel::up, false);
  wait(500);
  EXPECT_EQ(desk_.currentA(), 0);
  relay(Travel::down, true);
  wait(1000);
  EXPECT_LT(desk_.heightMm(), 800) << "from what it has hit it gets away";
}

TEST_F(RelayDeskTest, AnObstacleBelowStopsItOnItsWayDown) {
  desk_.setObstacle(700, nowMs_);
  relay(Travel::down, true);
  wait(5000);
  EXPECT_EQ(desk_.heightMm(), 700);
}

TEST_F(RelayDeskTest, CountsShortsOfCoilsAndOfContacts) {
  relay(Travel::up, true);
  wait(100);
  EXPECT_EQ(desk_.shorts(), 0u);
  relay(Travel::down, true);
  EXPECT_EQ(desk_.shorts(), 1u);
  wait(100);
  EXPECT_EQ(desk_.currentA(), 20);
  relay(Travel::down, false);
  relay(Travel::up, false);
  wait(100);
  EXPECT_EQ(desk_.shorts(), 1u) << "one, however long";
  desk_.setContactMs(50);
  relay(Travel::up, true);
  wait(60);
  relay(Travel::up, false);
  desk_.setContactMs(0);
  relay(Travel::down, true);
  EXPECT_EQ(desk_.shorts(), 2u) << "the slow contact is still closed";
}

TEST_F(RelayDeskTest, ACoilThatIsOnForLessThanItsContactNeedsDoesNothing) {
  relay(Travel::up, true);
  wait(7);
  relay(Travel::up, false);
  wait(100);
  EXPECT_EQ(desk_.heightMm(), 720);
}

TEST_F(RelayDeskTest, CountsReversalsInMotion) {
  relay(Travel::up, true);
  wait(1000);
  relay(Travel::up, false);
  wait(20);
  relay(Travel::down, true);
  wait(20);
  EXPECT_EQ(desk_.reversals(), 1u);
  relay(Travel::down, false);
  wait(1000);
  relay(Travel::up, true);
  wait(100);
  EXPECT_EQ(desk_.reversals(), 1u);
}

TEST_F(RelayDeskTest, AWeldedContactStaysClosedUntilItIsFree) {
  desk_.setWelded(Travel::up, nowMs_);
  relay(Travel::up, true);
  wait(100);
  relay(Travel::up, false);
  wait(1000);
  EXPECT_EQ(desk_.travel(), Travel::up);
  EXPECT_GT(desk_.currentA(), 0.9);
  desk_.setWelded(Travel::still, nowMs_);
  wait(1000);
  EXPECT_EQ(desk_.travel(), Travel::still);
}

TEST_F(RelayDeskTest, AMotorWithoutItsWireDoesNothing) {
  desk_.setMotor(false, nowMs_);
  relay(Travel::up, true);
  wait(1000);
  EXPECT_EQ(desk_.heightMm(), 720);
  EXPECT_EQ(desk_.currentA(), 0);
}

TEST_F(RelayDeskTest, TheHandSwitchMovesItToo) {
  desk_.setHand(Travel::down, nowMs_);
  wait(1000);
  EXPECT_EQ(desk_.travel(), Travel::down);
  desk_.setHand(Travel::still, nowMs_);
  wait(1000);
  EXPECT_EQ(desk_.travel(), Travel::still);
}

// On a board, driven as a script drives it.
class RelayPlantTest : public testing::Test {
 protected:
  RelayPlantTest() {
    bus().add(0x29, makeSimI2cDevice("vl53l0x"));
    bus().add(0x40, makeSimI2cDevice("ina219"));
  }
  SimI2cBus& bus() { return board_.bus("1"); }
  unsigned add(std::map<std::string, std::string> options) {
    options.insert({{"up", "GPIO17"}, {"down", "GPIO27"}});
    return plants_.add("relay-desk", PlantOptions(std::move(options)), ns());
  }
  std::uint64_t ns() const { return nowMs_ * 1'000'000; }
  void wait(std::uint64_t ms) {
    nowMs_ += ms;
    for (auto next = plants_.nextNs(); next && *next <= ns(); next = plants_.nextNs())
      plants_.advance(*next);
  }
  void drive(const std::string& line, bool level) {
    board_.lines().drive(kPerson, board_.lines().find(line), level, ns());
    plants_.deliver();
  }
  bool level(const std::string& line) { return board_.lines().level(board_.lines().find(line)); }
  double get(unsigned plant, const std::string& name) { return std::stod(plants_.get(plant, name, ns())); }

  TempDirectory directory_;
  Loop loop_;
  SimBoard board_{SimBoardOptions{}};
  BoardSerial serial_{loop_, directory_.path("serial")};
  BoardPlants plants_{board_, serial_, [](const auto& action) { action(0); }};
  std::uint64_t nowMs_ = 1000;
};

TEST_F(RelayPlantTest, FeedsTheChipsThatMeasureIt) {
  const unsigned desk = add({{"range-address", "41"}, {"current-address", "64"}, {"offset-mm", "15"}});
  EXPECT_EQ(bus().at(0x29).get("distance"), 705);
  drive("GPIO17", true);
  wait(2000);
  EXPECT_NEAR(bus().at(0x29).get("distance"), get(desk, "height") - 15, 0.2);
  EXPECT_GT(get(desk, "height"), 760);
  EXPECT_NEAR(bus().at(0x40).get("current"), 1, 0.01);
  plants_.set(desk, "frozen", "1", ns());
  const double frozen = bus().at(0x29).get("distance");
  wait(1000);
  EXPECT_EQ(bus().at(0x29).get("distance"), frozen);
  drive("GPIO17", false);
  wait(1000);
  EXPECT_EQ(bus().at(0x40).get("current"), 0);
  EXPECT_EQ(plants_.get(desk, "travel", ns()), "still");
}

TEST_F(RelayPlantTest, HasAnUltrasonicSensorOfItsOwn) {
  const unsigned desk = add({{"trigger", "GPIO23"}, {"echo", "GPIO24"}, {"height-mm", "686"}});
  std::vector<std::uint64_t> changesUs;
  board_.lines().onChange([&](const SimLineChange& change) {
    if (board_.lines().title(change.line) == "GPIO24") changesUs.push_back(change.atNs / 1000);
  });
  drive("GPIO23", true);
  wait(1);
  drive("GPIO23", false);
  wait(50);
  ASSERT_EQ(changesUs.size(), 2u);
  EXPECT_NEAR(static_cast<double>(changesUs[1] - changesUs[0]), 4000, 1) << "686 mm there and back";
  plants_.set(desk, "echo", "0", ns());
}

TEST_F(RelayPlantTest, RelaysMayBeOnWhenTheirLineIsLow) {
  drive("GPIO17", true);
  drive("GPIO27", true);
  const unsigned desk = add({{"active-low", "1"}});
  wait(500);
  EXPECT_EQ(get(desk, "shorts"), 0);
  drive("GPIO27", false);
  wait(500);
  EXPECT_EQ(plants_.get(desk, "travel", ns()), "down");
  EXPECT_EQ(get(desk, "down"), 1);
}

TEST_F(RelayPlantTest, ShowsItsHandSwitch) {
  const unsigned desk = add({{"hand-up", "GPIO22"}, {"hand-down", "GPIO10"}});
  EXPECT_TRUE(level("GPIO22") && level("GPIO10"));
  plants_.set(desk, "hand", "up", ns());
  wait(500);
  EXPECT_TRUE(!level("GPIO22") && level("GPIO10"));
  EXPECT_EQ(plants_.get(desk, "travel", ns()), "up");
  plants_.set(desk, "hand", "none", ns());
  EXPECT_TRUE(level("GPIO22"));
}

TEST_F(RelayPlantTest, MistakesAreNamed) {
  const auto complaint = [&](std::map<std::string, std::string> options) {
    try {
      plants_.add("relay-desk", PlantOptions(std::move(options)), ns());
      return std::string("no complaint");
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(complaint({{"up", "GPIO17"}}), "down: expected a value, found none");
  EXPECT_THAT(complaint({{"up", "GPIO17"}, {"down", "GPIO27"}, {"speed", "1"}}), HasSubstr("found speed"));
  EXPECT_THAT(complaint({{"up", "GPIO17"}, {"down", "GPIO27"}, {"range-address", "48"}}), HasSubstr("0x30"));
  EXPECT_EQ(complaint({{"up", "GPIO17"}, {"down", "GPIO27"}, {"min-mm", "900"}, {"max-mm", "800"}}),
            "max-mm: expected more than min-mm");
  const unsigned desk = add({});
  EXPECT_THROW(plants_.set(desk, "hand", "left", ns()), std::invalid_argument);
  EXPECT_THROW(plants_.set(desk, "colour", "1", ns()), std::invalid_argument);
  EXPECT_THROW(plants_.get(desk, "colour", ns()), std::invalid_argument);
}

}  // namespace
}  // namespace deskd
