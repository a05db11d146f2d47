// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/loctek_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "hal/checksum.h"
#include "tests/hal/framings.h"

namespace deskd {
namespace {

using namespace test;
using namespace loctek;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct Arrival {
  std::uint64_t atMs;
  Bytes frame;
};

const Bytes kPollFrame = hex("9B04117CC39D");
const Bytes kGoodbye = hex("9B0413BD429D");
const Bytes kBeepFrame = hex("9B0415BFC29D");

// A desk, a listener with the framing that scripts use, a keypad that answers each poll, and a clock that
// only moves when told.
class Room {
 public:
  explicit Room(const LoctekOptions& options = {})
      : desk(options, nowMs, [this](auto atMs, auto what) { note(atMs, what); }) {}

  void wait(std::uint64_t ms, std::uint64_t stepMs = 1000) {
    const std::uint64_t end = nowMs + ms;
    while (nowMs < end) {
      const std::uint64_t event = desk.nextEventMs().value_or(end);
      nowMs = std::min({end, std::max(event, nowMs + 1), nowMs + stepMs});
      turn();
    }
    turn();
  }
  void pin20(bool level) {
    desk.setPin20(level, nowMs);
    turn();
  }
  void wake() {
    pin20(true);
    wait(600);
    arrivals.clear();
    raw.clear();
  }
  void send(unsigned keys) {
    const Bytes body{0x06, 0x02, static_cast<std::uint8_t>(keys), static_cast<std::uint8_t>(keys >> 8)};
    Bytes frame = hex("9B") + body;
    appendChecksum(Checksum::crc16ModbusBe, body, frame);
    desk.receive(frame + hex("9D"), nowMs);
    turn();
  }
  // Answers polls with these keys from now on; nothing answers them while `answers` is false.
  void hold(unsigned keys, std::uint64_t ms) {
    held = keys;
    wait(ms);
    held = 0;
    send(0);
  }
  void settle() {
    wait(1000);
    for (int second = 0; second < 100 && desk.travel() != Travel::still; ++second)
      wait(1000);
  }
  std::size_t count(const Bytes& frame) const {
    return static_cast<std::size_t>(std::count_if(
        arrivals.begin(), arrivals.end(), [&](const Arrival& arrival) { return arrival.frame == frame; }));
  }
  std::vector<std::string> displays() const {
    std::vector<std::string> texts;
    for (const Arrival& arrival : arrivals) {
      if (arrival.frame[2] == 0x12) texts.push_back(toHex(std::span(arrival.frame).subspan(3, 3)));
    }
    return texts;
  }
  bool told(const std::string& what) const {
    return std::find(events.begin(), events.end(), what) != events.end();
  }

  std::uint64_t nowMs = 1'000'000;
  unsigned held = 0;
  bool answers = true;
  std::vector<Arrival> arrivals;
  std::vector<Bytes> raw;
  std::vector<std::string> events;
  LoctekDesk desk;

 private:
  void turn() {
    std::size_t polls = 0;
    desk.advance(nowMs, [&](std::span<const std::uint8_t> line) {
      raw.emplace_back(line.begin(), line.end());
      framer_->feed(line, nowMs, [&](std::span<const std::uint8_t> frame) {
        arrivals.push_back({nowMs, Bytes(frame.begin(), frame.end())});
        if (arrivals.back().frame == kPollFrame) ++polls;
      });
    });
    framer_->expire(nowMs, [](auto) {});
    for (; answers && polls > 0; --polls)
      send(held);
  }
  void note(std::uint64_t atMs, std::string_view what) {
    EXPECT_LE(atMs, nowMs);
    events.emplace_back(what);
  }

  const std::unique_ptr<Framer> framer_ = makeFramer(test::loctek());
};

LoctekOptions with(const std::function<void(LoctekOptions&)>& change) {
  LoctekOptions options;
  change(options);
  return options;
}

// ---- (a) waking

TEST(LoctekDesk, IsSilentUntilPin20Rises) {
  Room room;
  room.send(kUp);
  room.wait(60'000);
  EXPECT_THAT(room.raw, IsEmpty());
  EXPECT_EQ(room.desk.heightMm(), 795);
}

TEST(LoctekDesk, SendsGarbageFirstAndFramesAfterItsWakingTime) {
  Room room;
  const std::uint64_t rose = room.nowMs;
  room.pin20(true);
  room.wait(600);
  ASSERT_GE(room.raw.size(), 3u);
  EXPECT_EQ(room.raw[0], hex("00"));
  EXPECT_EQ(room.raw[1], hex("FE"));
  EXPECT_EQ(room.arrivals.front().atMs - rose, 370u);
  Room quick(with([](auto& o) { o.wakeMs = 140; }));
  quick.pin20(true);
  quick.wait(140);
  EXPECT_EQ(quick.arrivals.size(), 1u);
}

// ---- (b) rhythm

TEST(LoctekDesk, PollsEach31MillisecondsAndShowsEverySecondTime) {
  Room room;
  room.wake();
  room.wait(3100);
  EXPECT_EQ(room.count(kPollFrame), 100u);
  EXPECT_EQ(room.displays().size(), 50u);
  EXPECT_THAT(room.displays(), Each("07EF6D")) << "79.5";
  EXPECT_EQ(room.count(kBeepFrame), 6u);
}

// ---- (c) keys

TEST(LoctekDesk, HeldKeyMovesItAfterAWhileAndItCoastsOn) {
  Room room;
  room.wake();
  room.held = kUp;
  room.wait(450);
  EXPECT_NEAR(room.desk.heightMm(), 795, 0.8);
  room.wait(1000);
  const double released = room.desk.heightMm();
  EXPECT_NEAR(released, 795 + 22, 1);
  room.held = 0;
  room.send(0);
  room.settle();
  EXPECT_NEAR(room.desk.heightMm(), released + 4, 0.01);
  EXPECT_THAT(room.desk.violations(), IsEmpty());
}

TEST(LoctekDesk, TapMovesItAMillimetre) {
  Room room;
  room.wake();
  room.hold(kUp, 100);
  room.settle();
  EXPECT_NEAR(room.desk.heightMm(), 796, 0.01);
  room.hold(kDown, 100);
  room.settle();
  EXPECT_NEAR(room.desk.heightMm(), 795, 0.01);
}

TEST(LoctekDesk, StopsWhenItsPollsAreNotAnswered) {
  Room room;
  room.wake();
  room.held = kDown;
  room.wait(1500);
  EXPECT_EQ(room.desk.travel(), Travel::down);
  room.answers = false;
  room.wait(500);
  EXPECT_EQ(room.desk.travel(), Travel::still);
}

TEST(LoctekDesk, ReversalWhileMovingIsAViolationAndStops) {
  Room room;
  room.wake();
  room.held = kUp;
  room.wait(1000);
  room.held = kDown;
  room.wait(200);
  EXPECT_THAT(room.desk.violations(), ElementsAre("reversal while moving"));
  EXPECT_NE(room.desk.travel(), Travel::down);
}

TEST(LoctekDesk, StopsAtItsEnds) {
  Room room(with([](auto& o) { o.heightMm = 1205; }));
  room.wake();
  room.hold(kUp, 3000);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 1210);
}

TEST(LoctekDesk, KeysThatProgramAreViolations) {
  Room room;
  room.wake();
  room.hold(kUp + kDown, 100);
  room.hold(kMemory, 100);
  room.hold(kAlarm, 100);
  EXPECT_THAT(room.desk.violations(), ElementsAre("up and down together", "M pressed", "alarm pressed"));
  room.hold(kMemory, 4500);
  EXPECT_EQ(room.desk.violations().back(), "M held");
}

// ---- (d) presets

TEST(LoctekDesk, PresetTravelsOnByItself) {
  Room room(with([](auto& o) { o.presetsMm[1] = 1000; }));
  room.wake();
  room.hold(kPreset2, 130);
  room.wait(2000);
  EXPECT_EQ(room.desk.travel(), Travel::up);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 1000);
  EXPECT_TRUE(room.told("preset 2"));
}

TEST(LoctekDesk, PresetNeedsFourFramesAndHasFourKeys) {
  Room room(with([](auto& o) { o.presetsMm = {900, 900, 900, 850}; }));
  room.wake();
  room.hold(kPreset1, 62);
  room.wait(2000);
  EXPECT_EQ(room.desk.heightMm(), 795);
  room.hold(kPreset4, 130);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 850);
}

TEST(LoctekDesk, ATapOfADirectionKeyEndsAPreset) {
  for (const unsigned key : {kUp, kDown}) {
    Room room(with([](auto& o) { o.presetsMm[0] = 1100; }));
    room.wake();
    room.hold(kPreset1, 130);
    room.wait(2000);
    const double before = room.desk.heightMm();
    room.hold(key, 62);
    room.settle();
    EXPECT_NEAR(room.desk.heightMm(), before + 5, 3) << key;
    EXPECT_EQ(room.desk.travel(), Travel::still);
  }
}

TEST(LoctekDesk, PresetThatIsNotStoredDoesNothing) {
  Room room;
  room.wake();
  room.hold(kPreset3, 130);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 795);
}

// ---- (e) sleep

TEST(LoctekDesk, SaysGoodbyeEightTimesAfterTenIdleSeconds) {
  Room room;
  room.wake();
  room.wait(9000);
  EXPECT_EQ(room.count(kGoodbye), 0u);
  room.wait(1200);
  EXPECT_EQ(room.count(kGoodbye), 8u);
  room.arrivals.clear();
  room.raw.clear();
  room.wait(5000);
  EXPECT_THAT(room.raw, IsEmpty());
  room.pin20(false);
  EXPECT_THAT(room.raw, ElementsAre(hex("9BFF")));
  room.pin20(true);
  room.wait(500);
  EXPECT_GT(room.count(kPollFrame), 0u);
}

TEST(LoctekDesk, DoesNotSleepWhileItMoves) {
  Room room(with([](auto& o) { o.presetsMm[0] = 1200; }));
  room.wake();
  room.hold(kPreset1, 130);
  room.wait(18'000);
  EXPECT_EQ(room.desk.travel(), Travel::up);
  EXPECT_TRUE(room.desk.awake());
  room.wait(12'000);
  EXPECT_FALSE(room.desk.awake());
  EXPECT_EQ(room.desk.heightMm(), 1200);
}

TEST(LoctekDesk, WakesOnlyByARisingPin20) {
  Room room;
  room.wake();
  room.wait(12'000);
  room.arrivals.clear();
  room.pin20(true);
  room.wait(2000);
  EXPECT_THAT(room.arrivals, IsEmpty());
}

// ---- (f) PIN20 lost

TEST(LoctekDesk, LosesItsPositionWhenPin20FallsDuringAPreset) {
  Room room(with([](auto& o) { o.presetsMm[0] = 1100; }));
  room.wake();
  room.hold(kPreset1, 130);
  room.wait(2000);
  room.pin20(false);
  EXPECT_THAT(room.desk.violations(), ElementsAre("PIN20 fell while moving"));
  EXPECT_EQ(room.desk.travel(), Travel::still);
  room.wake();
  room.wait(200);
  EXPECT_THAT(room.displays(), Each("506D78")) << "r5t";
  room.hold(kUp, 2000);
  room.hold(kPreset1, 130);
  room.settle();
  EXPECT_TRUE(room.desk.needsReset());
  room.hold(kDown, 9000);
  EXPECT_TRUE(room.desk.needsReset());
  room.hold(kDown, 15'000);
  EXPECT_FALSE(room.desk.needsReset());
  EXPECT_EQ(room.desk.heightMm(), 710);
}

TEST(LoctekDesk, LosesNothingWhenPin20FallsDuringAHeldKey) {
  Room room;
  room.wake();
  room.held = kUp;
  room.wait(1000);
  room.pin20(false);
  EXPECT_THAT(room.desk.violations(), ElementsAre("PIN20 fell while moving"));
  EXPECT_FALSE(room.desk.needsReset());
}

// ---- (g), (h), (j), (k) display

TEST(LoctekDesk, DropsTheDecimalFromAHundredOnAndRounds) {
  const std::vector<std::pair<double, std::string>> cases{{799.6, "80.0"}, {999.4, "99.9"}, {999.6, "100"},
                                                          {1004.4, "100"}, {1005.6, "101"}, {1210, "121"}};
  for (const auto& [mm, text] : cases)
    EXPECT_EQ(shownHeight(mm, LoctekUnits::cm), text);
  EXPECT_EQ(shownHeight(721.4, LoctekUnits::inch), "28.4");
}

TEST(LoctekDesk, ShowsMessagesInsteadOfTheHeight) {
  Room room;
  room.wake();
  const auto shown = [&room] {
    room.arrivals.clear();
    room.wait(200);
    return room.displays();
  };
  room.desk.raiseError(1, room.nowMs);
  EXPECT_THAT(shown(), Each("793F06"));
  room.desk.raiseError(0, room.nowMs);
  room.desk.setLocked(true, room.nowMs);
  EXPECT_THAT(shown(), Each("385C39"));
  room.wait(4000);
  EXPECT_THAT(shown(), Each("07EF6D")) << "the lock shows when a key is pressed";
  room.hold(kUp, 1000);
  EXPECT_THAT(shown(), Each("385C39"));
  EXPECT_EQ(room.desk.heightMm(), 795);
  room.desk.setLocked(false, room.nowMs);
  room.desk.show("A-2", room.nowMs);
  EXPECT_THAT(shown(), Each("77405B"));
  room.desk.show("   ", room.nowMs);
  EXPECT_THAT(shown(), Each("000000"));
  room.desk.show("", room.nowMs);
  room.desk.setTimer(45, room.nowMs);
  EXPECT_THAT(shown(), Each("09666D"));
  room.held = kUp;
  room.wait(600);
  EXPECT_THAT(shown(), Not(Contains("09666D"))) << "the height while it moves";
  EXPECT_THROW(room.desk.show("?!x", room.nowMs), std::invalid_argument);
  EXPECT_THROW(room.desk.show("1234", room.nowMs), std::invalid_argument);
}

TEST(LoctekDesk, MemoryKeyOfTheHandControllerShowsItsPrompt) {
  Room room;
  room.wake();
  room.desk.pressKeypad(kMemory, room.nowMs);
  room.wait(150);
  room.desk.pressKeypad(0, room.nowMs);
  room.arrivals.clear();
  room.wait(200);
  EXPECT_THAT(room.displays(), Each("6D4000"));
  EXPECT_THAT(room.desk.violations(), IsEmpty());
}

TEST(LoctekDesk, SendsTheLongDisplayIfTold) {
  Room room(with([](auto& o) {
    o.longDisplay = true;
    o.heightMm = 1200;
  }));
  room.pin20(true);
  room.wait(600);
  const auto found = std::find_if(room.arrivals.begin(), room.arrivals.end(),
                                  [](const Arrival& arrival) { return arrival.frame[2] == 0x12; });
  ASSERT_NE(found, room.arrivals.end());
  EXPECT_EQ(found->frame.size(), 13u);
  EXPECT_THAT(toHex(found->frame), StartsWith("9B0B12065B3F00000000"));
}

// ---- (i) the port that woke it

TEST(LoctekDesk, ShowsTheHeightOnlyToThePortThatWokeIt) {
  Room room(with([](auto& o) { o.keysOnLine = true; }));
  room.desk.pressKeypad(kUp, room.nowMs);
  room.wait(200);
  room.pin20(true);
  room.wait(2000);
  EXPECT_GT(room.desk.heightMm(), 800);
  EXPECT_GT(room.count(kPollFrame), 10u);
  EXPECT_THAT(room.displays(), IsEmpty());
  EXPECT_GT(room.count(hex("9B06020100FCA09D")), 10u) << "the hand controller is heard";
  room.desk.pressKeypad(0, room.nowMs);
  room.pin20(false);
  EXPECT_TRUE(room.desk.awake()) << "the hand controller keeps it awake";
}

TEST(LoctekDesk, HandControllerMovesItWithoutThisPort) {
  Room room(with([](auto& o) { o.presetsMm[2] = 850; }));
  room.desk.pressKeypad(kPreset3, room.nowMs);
  room.wait(500);
  room.desk.pressKeypad(0, room.nowMs);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 850);
  EXPECT_THAT(room.raw, IsEmpty());
}

// ---- the cable

TEST(LoctekDesk, IsUnderstoodThroughNoiseAndDribble) {
  Room room(with([](auto& o) {
    o.noise = true;
    o.split = ByteSplit::bytes;
  }));
  room.wake();
  room.wait(3100);
  EXPECT_GT(room.count(kPollFrame), 80u);
  EXPECT_THAT(room.displays(), Each("07EF6D"));
}

TEST(LoctekDesk, LooksTheSameHoweverOftenItIsLookedAt) {
  std::vector<std::vector<std::string>> all;
  for (const std::uint64_t stepMs : {1, 7, 1000}) {
    Room room(with([](auto& o) { o.presetsMm[0] = 900; }));
    room.pin20(true);
    room.wait(600, stepMs);
    room.held = kPreset1;
    room.wait(130, stepMs);
    room.held = 0;
    room.wait(20'000, stepMs);
    all.push_back(room.events);
  }
  EXPECT_THAT(all[1], ElementsAreArray(all[0]));
  EXPECT_THAT(all[2], ElementsAreArray(all[0]));
}

TEST(LoctekDesk, RefusesAnImpossibleShape) {
  EXPECT_THROW(Room(with([](auto& o) { o.heightMm = 500; })), std::invalid_argument);
  EXPECT_THROW(Room(with([](auto& o) { o.coastMm = -1; })), std::invalid_argument);
}

TEST(LoctekDesk, SurvivesAFloodOfRandomBytes) {
  LoctekDesk desk(LoctekOptions{}, 0);
  std::uint32_t state = 1;
  std::uint64_t nowMs = 0;
  desk.setPin20(true, 0);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes;
    for (int count = 0; count < 16; ++count)
      bytes.push_back(static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24));
    desk.receive(bytes, nowMs += state % 3);
  }
  EXPECT_EQ(desk.heightMm(), 795);
}

}  // namespace
}  // namespace deskd
