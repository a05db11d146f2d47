// SPDX-License-Identifier: Apache-2.0
// The simulated desk and a serial link, on one loop and a real pseudo-terminal; and as a plant of a board.
#include "hal/sim/loctek_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "hal/serial_link.h"
#include "hal/sim/loctek_plant.h"
#include "tests/fakes/temp_directory.h"
#include "tests/hal/framings.h"
#include "tests/hal/loop_runner.h"

namespace deskd {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::Throws;
using testing::ThrowsMessage;

const std::string kPoll = "9B04117CC39D";

TEST(LoctekRunner, MovesWhileAKeyAnswersItsPolls) {
  TempDirectory directory;
  Loop loop;
  LoctekOptions options;
  options.speedMmPerS = 1000;
  options.startDelayMs = 50;
  options.wakeMs = 20;
  LoctekRunner runner(loop, options, directory.path("desk"));
  SerialLinkOptions link;
  link.port.path = runner.path();
  link.framing = test::loctek();
  std::vector<std::string> said;
  std::unique_ptr<SerialLink> port;
  port = std::make_unique<SerialLink>(loop, link,
                                      SerialLinkHandlers{[&](auto frame) {
                                                           said.push_back(toHex(frame));
                                                           if (said.back() == kPoll)
                                                             port->write(hex("9B06020100FCA09D"));
                                                         },
                                                         [](const std::system_error&) {}, [] {}});
  runFor(loop, Milliseconds(100));
  EXPECT_TRUE(said.empty()) << "PIN20 is low";
  runner.setPin20(true);
  EXPECT_TRUE(runUntil(loop, [&] { return runner.desk().heightMm() == 1210; }));
  runner.unplug();
  EXPECT_TRUE(runUntil(loop, [&] { return runner.desk().travel() == Travel::still; }));
}

// What a board does for a plant, and nothing more.
class FakeBoard final : public PlantBoard {
 public:
  void watch(const std::string& line) override { watched = line; }
  bool level(const std::string&) const override { return false; }
  void drive(const std::string& line, std::optional<bool> level) override { driven[line] = level; }
  void setI2c(const std::string&, std::uint16_t, const std::string&, double) override {}
  double getI2c(const std::string&, std::uint16_t, const std::string&) const override { return 0; }
  std::string addSerial(const std::string& name) override { return "/dev/pts/" + name; }
  void writeSerial(const std::string&, std::span<const std::uint8_t> bytes) override {
    written.insert(written.end(), bytes.begin(), bytes.end());
  }

  std::string watched;
  std::map<std::string, std::optional<bool>> driven;
  Bytes written;
};

PlantOptions optionsOf(std::map<std::string, std::string> values) {
  return PlantOptions(std::move(values));
}

TEST(LoctekPlant, ConnectsADeskToALineAndAPort) {
  FakeBoard board;
  const std::uint64_t ms = 1'000'000;
  const auto plant = makePlant("loctek", board, optionsOf({{"line", "GPIO27"}, {"height-mm", "800"}}), 0);
  EXPECT_EQ(board.watched, "GPIO27");
  EXPECT_EQ(plant->get("path", 0), "/dev/pts/loctek");
  EXPECT_EQ(plant->nextNs(), std::nullopt);
  plant->onLevel("GPIO27", true, 10 * ms);
  ASSERT_TRUE(plant->nextNs());
  plant->advance(1000 * ms);
  EXPECT_THAT(toHex(board.written), HasSubstr(kPoll));
  EXPECT_EQ(plant->get("display", 0), "80.0");
  for (std::uint64_t at = 1000; at < 3000; at += 31) {
    plant->onSerial("loctek", hex("9B06020100FCA09D"), at * ms);
    plant->advance(at * ms);
  }
  EXPECT_EQ(plant->get("travel", 0), "up");
  EXPECT_GT(std::stoi(plant->get("height", 0)), 825);
  plant->onLevel("GPIO27", false, 3000 * ms);
  EXPECT_EQ(plant->get("violation", 0), "PIN20 fell while moving");
}

TEST(LoctekPlant, ShowsOnALineWhetherItMoves) {
  FakeBoard board;
  const std::uint64_t ms = 1'000'000;
  LoctekPlant plant(board, optionsOf({{"line", "GPIO27"}, {"motion-line", "GPIO5"}}), 0);
  EXPECT_EQ(board.driven.at("GPIO5"), false);
  plant.set("keypad", "up", ms);
  plant.advance(2000 * ms);
  EXPECT_EQ(board.driven.at("GPIO5"), true);
  plant.set("keypad", "none", 2000 * ms);
  plant.advance(3000 * ms);
  EXPECT_EQ(board.driven.at("GPIO5"), false);
}

TEST(LoctekPlant, IsHeardNoMoreWhileItIsMute) {
  FakeBoard board;
  const std::uint64_t ms = 1'000'000;
  LoctekPlant plant(board, optionsOf({{"line", "GPIO27"}}), 0);
  plant.onLevel("GPIO27", true, 0);
  plant.advance(1000 * ms);
  plant.set("mute", "1", 1000 * ms);
  plant.advance(1100 * ms);
  board.written.clear();
  plant.advance(2000 * ms);
  EXPECT_EQ(board.written, Bytes{});
  plant.set("mute", "0", 2000 * ms);
  plant.advance(2100 * ms);
  EXPECT_THAT(toHex(board.written), HasSubstr(kPoll));
}

TEST(LoctekPlant, IsDrivenByName) {
  FakeBoard board;
  const std::uint64_t ms = 1'000'000;
  LoctekPlant plant(board, optionsOf({{"line", "GPIO27"}, {"preset-1-mm", "900"}}), 0);
  plant.set("keypad", "preset-1", ms);
  plant.advance(900 * ms);
  plant.set("keypad", "none", 900 * ms);
  plant.advance(9000 * ms);
  EXPECT_EQ(plant.get("height", 0), "900");
  plant.set("error", "22", 9000 * ms);
  EXPECT_EQ(plant.get("display", 0), "E22");
  plant.set("keypad", "up+down", 9000 * ms);
  EXPECT_EQ(plant.get("violations", 0), "1");
  EXPECT_THAT([&] { plant.set("keypad", "sideways", 0); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("found sideways")));
  EXPECT_THAT([&] { plant.get("colour", 0); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("found colour")));
  EXPECT_THAT([&] { LoctekPlant(board, optionsOf({{"pin", "x"}}), 0); }, Throws<std::invalid_argument>());
}

}  // namespace
}  // namespace deskd
