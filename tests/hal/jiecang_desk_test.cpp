// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/jiecang_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "hal/checksum.h"
#include "tests/hal/framings.h"

namespace deskd {
namespace {

using namespace test;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

struct Arrival {
  std::uint64_t atMs;
  std::string frame;
};

// A desk, a listener with the framing that scripts use, and a clock that only moves when told.
class Room {
 public:
  explicit Room(JiecangOptions options = {})
      : desk(options, nowMs, [this](auto atMs, auto what) { note(atMs, what); }) {}

  // Moves the clock event by event; `stepMs` looks more often than there are events.
  void wait(std::uint64_t ms, std::uint64_t stepMs = 1000) {
    const std::uint64_t end = nowMs + ms;
    while (nowMs < end) {
      const std::uint64_t event = desk.nextEventMs().value_or(end);
      nowMs = std::min({end, std::max(event, nowMs + 1), nowMs + stepMs});
      turn();
    }
    turn();
  }

  void send(std::uint8_t command, const Bytes& params = {}) {
    Bytes body{command, static_cast<std::uint8_t>(params.size())};
    body = body + params;
    Bytes frame = hex("F1F1") + body;
    appendChecksum(Checksum::sum8, body, frame);
    sendRaw(frame + hex("7E"));
  }
  void sendRaw(const Bytes& bytes) {
    desk.receive(bytes, nowMs);
    turn();
  }
  void goTo(unsigned mm) {
    send(0x1B, {static_cast<std::uint8_t>(mm >> 8), static_cast<std::uint8_t>(mm & 0xFF)});
  }
  // The way every script should begin: wake it, and let what it says pass.
  void wake() {
    send(0x2B);
    wait(100);
    take();
  }
  // DOWN each 200 ms, as long as that makes a difference.
  void holdDown(std::uint64_t ms) {
    for (std::uint64_t passed = 0; passed < ms; passed += 200) {
      send(0x02);
      wait(200);
    }
  }
  // Until it has been still for a while.
  void settle() {
    wait(1000);
    for (int second = 0; second < 300 && desk.travel() != Travel::still; ++second)
      wait(1000);
    wait(1000);
  }

  std::vector<std::string> take() {
    std::vector<std::string> frames;
    for (const Arrival& arrival : std::exchange(arrivals, {}))
      frames.push_back(arrival.frame);
    return frames;
  }
  // The heights reported since the last take, as they stand on the wire.
  std::vector<int> heights() {
    std::vector<int> raw;
    for (const std::string& frame : take()) {
      const Bytes bytes = hex(frame);
      if (bytes[2] == 0x01) raw.push_back(bytes[4] << 8 | bytes[5]);
    }
    return raw;
  }
  bool told(const std::string& what) const {
    return std::find(events.begin(), events.end(), what) != events.end();
  }

  std::uint64_t nowMs = 1'000'000;
  std::vector<Arrival> arrivals;
  std::vector<std::string> events;
  std::vector<Bytes> chunks;
  JiecangDesk desk;

 private:
  void turn() {
    desk.advance(nowMs, [this](std::span<const std::uint8_t> line) {
      chunks.emplace_back(line.begin(), line.end());
      framer_->feed(line, nowMs, sink_);
    });
    framer_->expire(nowMs, sink_);
  }
  void note(std::uint64_t atMs, std::string_view what) {
    EXPECT_LE(atMs, nowMs);
    events.emplace_back(what);
  }

  const std::unique_ptr<Framer> framer_ = makeFramer(jiecang());
  const Framer::Sink sink_ = [this](std::span<const std::uint8_t> frame) {
    arrivals.push_back({nowMs, toHex(frame)});
  };
};

JiecangOptions with(const std::function<void(JiecangOptions&)>& change) {
  JiecangOptions options;
  change(options);
  return options;
}

const std::string kLocked =
    "F2F202011013"
    "7E";
const std::string kReversed =
    "F2F20201070A"
    "7E";
const std::string kReset = "F2F20400047E";

// ---- (a) sleep

TEST(JiecangDesk, LosesTheFirstCommandWhileAsleep) {
  Room room;
  room.send(0x07);
  room.wait(1000);
  EXPECT_THAT(room.take(), IsEmpty());
  room.send(0x07);
  room.wait(1000);
  EXPECT_EQ(room.take().size(), 5u);
}

TEST(JiecangDesk, LosesWhatComesTogetherWithTheFirstCommand) {
  Room room;
  room.send(0x2B);
  room.send(0x07);
  room.wait(1000);
  EXPECT_THAT(room.take(), IsEmpty());
}

TEST(JiecangDesk, FallsAsleepAfterFiveIdleSeconds) {
  Room room;
  room.wake();
  room.wait(4800);
  room.send(0x07);
  room.wait(1000);
  EXPECT_EQ(room.take().size(), 5u) << "still awake";
  room.wait(5000);
  EXPECT_TRUE(room.desk.asleep());
  room.send(0x07);
  room.wait(1000);
  EXPECT_THAT(room.take(), IsEmpty());
}

TEST(JiecangDesk, DoesNotFallAsleepWhileItMoves) {
  Room room;
  room.wake();
  room.goTo(1200);  // 12.6 s
  room.wait(12'000);
  EXPECT_FALSE(room.desk.asleep());
  room.take();
  room.send(0x2B);
  room.wait(1000);
  EXPECT_EQ(room.desk.travel(), Travel::still);
}

TEST(JiecangDesk, NeverSleepsIfTold) {
  Room room(with([](auto& o) { o.asleepAfterMs = 0; }));
  room.wait(3'600'000, 3'600'000);
  room.send(0x0C);
  room.wait(100);
  EXPECT_THAT(room.take(), ElementsAre("F2F2070404F6026C737E"));
}

// ---- (b) timing and answers

TEST(JiecangDesk, AnswersThirteenMillisecondsLaterAndThenEveryTwentyOne) {
  Room room(with([](auto& o) { o.presetsMm = {829, 641, 641, std::nullopt}; }));
  room.wake();
  const std::uint64_t askedAt = room.nowMs;
  room.send(0x07);
  room.wait(1000);
  std::vector<std::uint64_t> after;
  for (const Arrival& arrival : room.arrivals)
    after.push_back(arrival.atMs - askedAt);
  EXPECT_THAT(after, ElementsAre(13, 34, 55, 76, 97));
  EXPECT_THAT(room.take(), ElementsAre("F2F22502033D677E", "F2F226020281AB7E", "F2F227020281AC7E",
                                       "F2F22802026C987E", "F2F2010302D007DD7E"));
}

TEST(JiecangDesk, AnswersQuestions) {
  Room room(with([](auto& o) {
    o.minMm = 650;
    o.maxMm = 1300;
  }));
  room.wake();
  const std::vector<std::pair<std::uint8_t, std::string>> cases{
      {0x0C, "F2F207040514028AB07E"}, {0x20, "F2F2200100217E"},     {0x08, "F2F205020000077E"},
      {0x09, "F2F2060101087E"},       {0x0E, "F2F20E01000F7E"},     {0x19, "F2F21901001A7E"},
      {0x1C, "F2F21C010A277E"},       {0x00, "F2F2010302D007DD7E"},
  };
  for (const auto& [command, answer] : cases) {
    room.send(command);
    room.wait(100);
    EXPECT_THAT(room.take(), ElementsAre(answer)) << "command " << int(command);
  }
}

TEST(JiecangDesk, IgnoresCommandsItDoesNotKnow) {
  Room room;
  room.wake();
  for (const std::uint8_t command : {0x13, 0x3F, 0x55, 0xA2, 0xFF})
    room.send(command);
  room.sendRaw(hex("F1F10200037E"));  // wrong sum
  room.sendRaw(hex("F2F20200027E"));  // wrong direction
  room.wait(1000);
  EXPECT_THAT(room.take(), IsEmpty());
  EXPECT_EQ(room.desk.heightMm(), 720);
}

TEST(JiecangDesk, ReportsUserLimitsOnceThereAreSome) {
  Room room;
  room.wake();
  room.send(0x21);
  room.wait(200);
  room.take();
  room.send(0x20);
  room.wait(200);
  EXPECT_THAT(room.take(), ElementsAre("F2F2200101227E", "F2F2210202D0F57E"));
  room.send(0x23);
  room.wait(200);
  EXPECT_THAT(room.take(), ElementsAre("F2F2200100217E"));
}

TEST(JiecangDesk, UnderstandsCommandsInPiecesAndBehindGarbage) {
  Room room;
  room.wake();
  room.sendRaw(hex("00 F1 F1F1"));
  room.wait(5);
  room.sendRaw(hex("0C 00"));
  room.wait(5);
  room.sendRaw(hex("0C 7E"));
  room.wait(100);
  EXPECT_EQ(room.take().size(), 1u);
}

// ---- (c) units

TEST(JiecangDesk, ReportsTenthsOfAnInchInInchMode) {
  Room room(with([](auto& o) {
    o.heightMm = 774.7;
    o.units = JiecangUnits::inch;
  }));
  room.wake();
  room.send(0x00);
  room.send(0x0E);
  room.wait(200);
  EXPECT_THAT(room.take(), ElementsAre("F2F201030131073D7E", "F2F20E0101107E"));
}

TEST(JiecangDesk, TakesMillimetresInInchModeToo) {
  Room room(with([](auto& o) { o.units = JiecangUnits::inch; }));
  room.wake();
  room.goTo(1000);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 1000);
  EXPECT_EQ(room.heights().back(), 394);
}

TEST(JiecangDesk, ReportsPresetsInTheDialectOfItsBox) {
  const std::vector<std::pair<JiecangPresetUnits, std::string>> cases{
      {JiecangPresetUnits::mm, "F2F2250202E30C7E"},
      {JiecangPresetUnits::inch,
       "F2F225020123"
       "4B7E"},
      {JiecangPresetUnits::raw, "F2F22502140B467E"},  // 5131 counts at 73.9 cm, seen on a Fully Jarvis
  };
  for (const auto& [units, answer] : cases) {
    Room room(with([units = units](auto& o) {
      o.presetUnits = units;
      o.presetsMm[0] = 739;
    }));
    room.wake();
    room.send(0x07);
    room.wait(20);
    EXPECT_THAT(room.take(), ElementsAre(answer));
  }
}

// ---- (d) steps and height reports

TEST(JiecangDesk, MovesOneStepForEachCommand) {
  Room room;
  room.wake();
  room.send(0x01);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 734);
  room.wake();
  room.send(0x02);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 720);
}

TEST(JiecangDesk, RepeatedStepsAreOneContinuousMove) {
  Room room;
  room.wake();
  for (int count = 0; count < 20; ++count) {
    room.send(0x01);
    room.wait(100);
    EXPECT_EQ(room.desk.travel(), Travel::up);
  }
  EXPECT_NEAR(room.desk.heightMm(), 720 + 2.0 * 38, 0.01);
  room.settle();
  EXPECT_NEAR(room.desk.heightMm(), 720 + 1.9 * 38 + 14, 0.01) << "one step from the last command on";
  EXPECT_EQ(std::count(room.events.begin(), room.events.end(), "moving up"), 1);
}

TEST(JiecangDesk, ReportsItsHeightEvery200MsWhileMovingAndAfterArrival) {
  Room room;
  room.wake();
  room.goTo(796);  // 2 s
  room.settle();
  std::vector<std::uint64_t> times;
  for (const Arrival& arrival : room.arrivals) {
    if (hex(arrival.frame)[2] == 0x01) times.push_back(arrival.atMs);
  }
  ASSERT_EQ(times.size(), 11u) << "9 on the way, at arrival, and once more";
  for (std::size_t at = 1; at < times.size(); ++at)
    EXPECT_EQ(times[at] - times[at - 1], 200u);
  const auto heights = room.heights();
  EXPECT_TRUE(std::is_sorted(heights.begin(), heights.end()));
  EXPECT_EQ(heights[9], 796);
  EXPECT_EQ(heights[10], 796);
}

TEST(JiecangDesk, IsSilentWhenIdle) {
  Room room;
  room.wake();
  room.wait(60'000);
  EXPECT_THAT(room.take(), IsEmpty());
  EXPECT_EQ(room.desk.nextEventMs(), std::nullopt);
}

TEST(JiecangDesk, DoesNotDependOnHowOftenItIsLookedAt) {
  std::vector<std::vector<std::string>> results;
  for (const std::uint64_t stepMs : {1u, 7u, 1000u}) {
    Room room(with([](auto& o) { o.speedMmPerS = 31; }));
    room.send(0x2B);
    room.wait(100, stepMs);
    room.goTo(801);
    room.wait(1234, stepMs);
    room.send(0x2B);
    room.wait(1000, stepMs);
    room.send(0x02);
    room.wait(2000, stepMs);
    results.push_back(room.events);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST(JiecangDesk, StopsAtItsLimits) {
  Room room(with([](auto& o) { o.heightMm = 1265; }));
  room.wake();
  room.send(0x01);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 1270);
  room.take();
  room.send(0x01);
  room.wait(100);
  EXPECT_THAT(room.heights(), ElementsAre(1270));
}

// ---- (e) goto

TEST(JiecangDesk, GoesToTheMillimetreAndEchoesTheCommand) {
  Room room;
  room.wake();
  room.goTo(1000);
  room.wait(20);
  EXPECT_THAT(room.take(), ElementsAre("F2F21B0203E8087E"));
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 1000);
  EXPECT_EQ(room.heights().back(), 1000);
  EXPECT_TRUE(room.told("height 1000"));
}

TEST(JiecangDesk, ANewTargetInTheSameDirectionReplacesTheOld) {
  Room room;
  room.wake();
  room.goTo(1200);
  room.wait(500);
  room.goTo(800);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 800);
  EXPECT_THAT(room.desk.violations(), IsEmpty());
}

TEST(JiecangDesk, IgnoresATargetBeyondItsLimits) {
  Room room;
  room.wake();
  room.goTo(619);
  room.goTo(1271);
  room.settle();
  EXPECT_THAT(room.take(), IsEmpty());
  EXPECT_EQ(room.desk.heightMm(), 720);
}

TEST(JiecangDesk, SomeBoxesEchoAndDoNotMove) {
  Room room(with([](auto& o) { o.gotoMode = JiecangGoto::echoOnly; }));
  room.wake();
  room.goTo(1000);
  room.wait(3000);
  EXPECT_THAT(room.take(), ElementsAre("F2F21B0203E8087E"));
  EXPECT_EQ(room.desk.heightMm(), 720);
}

TEST(JiecangDesk, InConstantTouchModeGotoAndPresetsOnlyNudge) {
  Room room(with([](auto& o) {
    o.gotoMode = JiecangGoto::nudge;
    o.presetsMm[1] = 1100;
  }));
  room.wake();
  room.goTo(1000);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 734);
  room.wake();
  room.send(0x06);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 748);
  room.wake();
  room.goTo(750);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 750);
}

TEST(JiecangDesk, ConstantTouchModeCanBeSetAndAsked) {
  Room room;
  room.wake();
  room.send(0x19, {0x01});
  room.wait(100);
  EXPECT_THAT(room.take(), ElementsAre("F2F21901011B7E"));
  room.goTo(1000);
  room.wait(100);
  room.send(0x0A);
  room.settle();
  EXPECT_LT(room.desk.heightMm(), 734) << "released before the nudge was over";
}

TEST(JiecangDesk, GoesToPresetsAndSavesThem) {
  Room room(with([](auto& o) { o.presetsMm[3] = 800; }));
  room.wake();
  room.send(0x28);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 800);
  room.wake();
  room.send(0x03);
  room.send(0x27);  // empty: nothing happens
  room.settle();
  EXPECT_EQ(room.desk.presetMm(1), 800);
  EXPECT_EQ(room.desk.heightMm(), 800);
  room.wake();
  room.goTo(760);
  room.settle();
  room.wake();
  room.send(0x05);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 800);
}

// ---- (f) stop

TEST(JiecangDesk, StopsAtOnce) {
  Room room;
  room.wake();
  room.goTo(1200);
  room.wait(1000);
  room.send(0x2B);
  const double at = room.desk.heightMm();
  EXPECT_EQ(room.desk.travel(), Travel::still);
  EXPECT_NEAR(at, 758, 0.01);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), at);
  EXPECT_EQ(room.heights().back(), 758);
}

// ---- (g) reversal

TEST(JiecangDesk, TakesAReversalWithoutAStopForASensorFault) {
  for (const bool byGoto : {true, false}) {
    Room room;
    room.wake();
    room.goTo(1200);
    room.wait(1000);
    room.take();
    byGoto ? room.goTo(700) : room.send(0x02);
    room.wait(50);
    EXPECT_THAT(room.take(), Contains(kReversed));
    EXPECT_EQ(room.desk.travel(), Travel::still);
    EXPECT_THAT(room.desk.violations(), ElementsAre("reversal without a stop"));
  }
}

TEST(JiecangDesk, TakesAReversalTooSoonAfterAStopForOne) {
  Room room;
  room.wake();
  room.goTo(1200);
  room.wait(1000);
  room.send(0x2B);
  room.wait(99);
  room.send(0x02);
  room.wait(50);
  EXPECT_THAT(room.take(), Contains(kReversed));
}

TEST(JiecangDesk, AllowsAReversalOnceItIsStill) {
  Room room;
  room.wake();
  room.goTo(1200);
  room.wait(1000);
  room.send(0x2B);
  room.wait(100);
  room.goTo(700);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 700);
  EXPECT_EQ(room.desk.error(), 0u);
  EXPECT_THAT(room.desk.violations(), IsEmpty());
}

TEST(JiecangDesk, RefusesToMoveAfterAReversalUntilHomed) {
  Room room;
  room.wake();
  room.goTo(900);
  room.wait(1000);
  room.send(0x02);
  room.settle();
  const double at = room.desk.heightMm();
  room.take();
  for (const auto command : {0x01, 0x05})
    room.send(static_cast<std::uint8_t>(command));
  room.goTo(1000);
  room.wait(500);
  EXPECT_THAT(room.take(), AllOf(Each(kReversed), testing::SizeIs(Ge(2u))));
  EXPECT_EQ(room.desk.heightMm(), at);
  room.holdDown(6000);
  room.wait(1000);
  room.holdDown(1000);
  EXPECT_FALSE(room.desk.needsHoming());
  EXPECT_EQ(room.desk.error(), 0u);
  room.goTo(900);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 900);
}

// ---- (h) homing

TEST(JiecangDesk, NeedsHomingAfterPowerLoss) {
  Room room;
  room.wake();
  room.desk.powerCycle(room.nowMs);
  room.send(0x07);
  room.wait(999);
  EXPECT_THAT(room.take(), IsEmpty()) << "starting up: the question is lost";
  room.wait(1000);
  EXPECT_THAT(room.take(), AllOf(Each(kReset), testing::SizeIs(5)));
  room.goTo(1000);
  room.send(0x01);
  room.settle();
  EXPECT_THAT(room.take(), Each(kReset));
  EXPECT_EQ(room.desk.heightMm(), 720);
}

TEST(JiecangDesk, IsHomedByDownAPauseAndDownAgain) {
  Room room(with([](auto& o) { o.needsHoming = true; }));
  room.wake();
  room.holdDown(1000);
  EXPECT_EQ(room.desk.travel(), Travel::down);
  EXPECT_THAT(room.heights(), IsEmpty()) << "it does not know its height";
  room.holdDown(4000);
  EXPECT_EQ(room.desk.heightMm(), 620);
  room.take();
  room.wait(500);
  EXPECT_THAT(room.take(), Not(Contains(kReset))) << "04 stops at the bottom";
  EXPECT_TRUE(room.told("homing seated"));
  room.holdDown(2000);
  EXPECT_TRUE(room.desk.needsHoming()) << "no pause yet";
  room.wait(800);
  room.holdDown(600);
  EXPECT_FALSE(room.desk.needsHoming());
  EXPECT_EQ(room.heights().back(), 620);
}

TEST(JiecangDesk, StopsHomingWhenDownStopsComing) {
  Room room(with([](auto& o) { o.needsHoming = true; }));
  room.wake();
  room.send(0x02);
  room.wait(3000);
  EXPECT_EQ(room.desk.travel(), Travel::still);
  EXPECT_NEAR(room.desk.heightMm(), 720 - 0.4 * 38, 0.1);
  EXPECT_TRUE(room.desk.needsHoming());
}

TEST(JiecangDesk, CanBeHomedFromTheBottomAndByHand) {
  Room room(with([](auto& o) {
    o.needsHoming = true;
    o.heightMm = 630;
  }));
  for (int press = 0; press < 2; ++press) {
    room.desk.pressHandset(HandsetKey::down, room.nowMs);
    room.wait(3000);
    room.desk.releaseHandset(room.nowMs);
    room.wait(1500);
  }
  EXPECT_FALSE(room.desk.needsHoming());
  room.desk.powerCycle(room.nowMs);
  room.wait(1000);
  room.send(0x02);
  room.wait(1000);
  EXPECT_TRUE(room.told("homing seated"));
  room.holdDown(600);
  EXPECT_FALSE(room.desk.needsHoming());
}

// ---- (i) lock

TEST(JiecangDesk, LockIsToggledByTheCommandNobodyShouldSend) {
  Room room;
  room.wake();
  room.send(0x1F, {0x00});
  room.wait(100);
  EXPECT_THAT(room.take(), ElementsAre("F2F21F0100207E"));
  EXPECT_THAT(room.desk.violations(), IsEmpty());
  room.send(0x1F, {0x01});
  room.wait(100);
  EXPECT_THAT(room.take(), ElementsAre("F2F21F0101217E"));
  EXPECT_THAT(room.desk.violations(), ElementsAre("forbidden command F1F11F0101217E"));
  room.goTo(1000);
  room.settle();
  EXPECT_THAT(room.take(), ElementsAre(kLocked, "F2F21F0101217E"));
  EXPECT_EQ(room.desk.heightMm(), 720);
  room.wake();
  room.send(0x1F, {0x01});
  room.goTo(1000);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 1000);
}

TEST(JiecangDesk, LockStopsAMoveAndHoldsAgainstTheHandset) {
  Room room;
  room.wake();
  room.goTo(1200);
  room.wait(1000);
  room.desk.setLocked(true, room.nowMs);
  EXPECT_EQ(room.desk.travel(), Travel::still);
  room.desk.pressHandset(HandsetKey::up, room.nowMs);
  room.desk.tapPreset(1, room.nowMs);
  room.settle();
  EXPECT_NEAR(room.desk.heightMm(), 758, 0.01);
  room.desk.releaseHandset(room.nowMs);
  room.desk.powerCycle(room.nowMs);
  EXPECT_FALSE(room.desk.locked()) << "a mains cycle unlocks";
}

// ---- (j) third byte, (k) 7E in the payload

TEST(JiecangDesk, VariesTheThirdByteOfHeightReports) {
  Room room;
  room.wake();
  std::vector<int> seen;
  for (int count = 0; count < 4; ++count) {
    room.send(0x00);
    room.wait(100);
    seen.push_back(hex(room.take().at(0))[6]);
  }
  EXPECT_THAT(seen, ElementsAre(0x07, 0x0F, 0x20, 0x07));
}

TEST(JiecangDesk, ReportsHeightsThatHoldTheEndByte) {
  const std::vector<std::tuple<JiecangUnits, double, std::string>> cases{
      {JiecangUnits::mm, 894, "F2F20103037E078C7E"},
      {JiecangUnits::mm, 1150, "F2F20103047E078D7E"},
      {JiecangUnits::inch, 970.3, "F2F20103017E078A7E"},
  };
  for (const auto& [units, height, frame] : cases) {
    Room room(with([units = units, height = height](auto& o) {
      o.units = units;
      o.heightMm = height;
    }));
    room.wake();
    room.send(0x00);
    room.wait(100);
    EXPECT_THAT(room.take(), ElementsAre(frame));
  }
}

// ---- (l) noise, (m) split frames

TEST(JiecangDesk, NoiseCostsNoFrameAndInventsNone) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    const auto script = [](Room& room) {
      room.wake();
      room.send(0x07);
      room.wait(500);
      room.goTo(900);
      room.wait(10'000);
      return room.take();
    };
    Room quiet;
    Room noisy(with([seed](auto& o) {
      o.noise = true;
      o.seed = seed;
      o.split = ByteSplit::random;
    }));
    EXPECT_EQ(script(noisy), script(quiet)) << "seed " << seed;
    EXPECT_GT(noisy.chunks.size(), quiet.chunks.size());
  }
}

TEST(JiecangDesk, WakesWithABreakOnANoisyLine) {
  Room room(with([](auto& o) { o.noise = true; }));
  room.wait(1);
  room.send(0x2B);
  room.wait(1);
  EXPECT_THAT(room.chunks, ElementsAre(hex("00"), hex("00")));
}

TEST(JiecangDesk, CarriesFramesByteByByteInLineTime) {
  Room room(with([](auto& o) { o.split = ByteSplit::bytes; }));
  room.wake();
  const std::uint64_t askedAt = room.nowMs;
  room.send(0x07);
  room.wait(500);
  EXPECT_EQ(room.chunks.size(), 4 * 8u + 9u);
  EXPECT_THAT(room.chunks, Each(testing::SizeIs(1)));
  ASSERT_EQ(room.arrivals.size(), 5u);
  EXPECT_EQ(room.arrivals[0].atMs - askedAt, 13u + 7u);
}

TEST(JiecangDesk, CutsFramesAtEveryByte) {
  std::set<std::pair<std::size_t, std::size_t>> cuts;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Room room(with([seed](auto& o) {
      o.split = ByteSplit::random;
      o.seed = seed;
    }));
    room.wake();
    room.send(0x00);
    room.wait(100);
    ASSERT_EQ(room.take().size(), 1u);
    std::size_t at = 0;
    for (const Bytes& chunk : room.chunks)
      cuts.insert({9, at += chunk.size()});
  }
  EXPECT_EQ(cuts.size(), 9u) << "after each of 8 bytes, and at the end";
}

// ---- hand controller, errors, violations

TEST(JiecangDesk, HandsetMovesItForAsLongAsAKeyIsHeld) {
  Room room;
  room.desk.pressHandset(HandsetKey::up, room.nowMs);
  room.wait(1000);
  room.desk.releaseHandset(room.nowMs);
  room.settle();
  EXPECT_NEAR(room.desk.heightMm(), 758, 0.01);
  EXPECT_THAT(room.heights(), Contains(758)) << "the serial side hears of it";
}

TEST(JiecangDesk, HandsetWinsOverAMoveAndWhoeverSendsCommands) {
  Room room;
  room.wake();
  room.goTo(1200);
  room.wait(1000);
  room.desk.pressHandset(HandsetKey::down, room.nowMs);
  EXPECT_EQ(room.desk.travel(), Travel::still) << "the box stops before it turns";
  room.wait(1000);
  EXPECT_EQ(room.desk.travel(), Travel::down);
  room.goTo(1200);
  room.send(0x2B);
  room.wait(500);
  EXPECT_EQ(room.desk.travel(), Travel::down);
  room.desk.releaseHandset(room.nowMs);
  EXPECT_EQ(room.desk.travel(), Travel::still);
  EXPECT_EQ(room.desk.error(), 0u);
  EXPECT_THAT(room.desk.violations(), IsEmpty());
}

TEST(JiecangDesk, HandsetPresetIsATapAndStopsAMove) {
  Room room(with([](auto& o) { o.presetsMm[2] = 800; }));
  room.desk.tapPreset(3, room.nowMs);
  room.wait(500);
  EXPECT_EQ(room.desk.travel(), Travel::up);
  room.desk.tapPreset(3, room.nowMs);
  EXPECT_EQ(room.desk.travel(), Travel::still);
  room.wait(500);
  room.desk.tapPreset(3, room.nowMs);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 800);
}

TEST(JiecangDesk, ReportsAnErrorStopsAndRefusesUntilItIsCleared) {
  Room room;
  room.wake();
  room.goTo(1200);
  room.wait(1000);
  room.take();
  room.desk.raiseError(14, room.nowMs);
  room.wait(40);
  EXPECT_THAT(room.take(), Contains("F2F202010E117E"));
  EXPECT_EQ(room.desk.travel(), Travel::still);
  room.wait(500);
  room.take();
  room.goTo(1200);
  room.wait(1000);
  EXPECT_THAT(room.take(), ElementsAre("F2F202010E117E"));
  room.desk.raiseError(0, room.nowMs);
  room.goTo(800);
  room.settle();
  EXPECT_EQ(room.desk.heightMm(), 800);
}

TEST(JiecangDesk, ReportsOneHeightWhereverItGoesWhileItsReportsAreFrozen) {
  Room room;
  room.wake();
  room.goTo(900);
  room.wait(1000);
  room.desk.setReportsFrozen(true, room.nowMs);
  const int seen = static_cast<int>(std::lround(room.desk.heightMm()));
  room.take();
  room.wait(1000);
  EXPECT_THAT(room.heights(), AllOf(SizeIs(Ge(4)), Each(seen)));
  EXPECT_GT(room.desk.heightMm(), seen + 30);
  room.desk.setReportsFrozen(false, room.nowMs);
  room.settle();
  EXPECT_EQ(room.heights().back(), 900);
}

TEST(JiecangDesk, RecordsEveryForbiddenCommand) {
  Room room;
  room.wake();
  for (const std::uint8_t command : {0x10, 0x11, 0x12, 0x21, 0x22, 0x91, 0xFE})
    room.send(command);
  EXPECT_EQ(room.desk.violations().size(), 7u);
  EXPECT_THAT(room.desk.violations(), Each(StartsWith("forbidden command F1F1")));
  EXPECT_TRUE(room.told("violation forbidden command F1F11000107E"));
}

TEST(JiecangDesk, RefusesAnImpossibleShape) {
  EXPECT_THROW(Room(with([](auto& o) { o.heightMm = 500; })), std::invalid_argument);
  EXPECT_THROW(Room(with([](auto& o) { o.minMm = o.maxMm; })), std::invalid_argument);
  EXPECT_THROW(Room(with([](auto& o) { o.speedMmPerS = 0; })), std::invalid_argument);
}

// A flood that nothing drains must not grow without bound.
TEST(JiecangDesk, SurvivesAFloodOfRandomBytesAndQuestions) {
  JiecangDesk desk(JiecangOptions{}, 0);
  std::uint32_t state = 1;
  std::uint64_t nowMs = 0;
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes;
    for (int count = 0; count < 16; ++count)
      bytes.push_back(static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24));
    desk.receive(round % 2 == 0 ? bytes : hex("F1F10700077E"), nowMs += state % 3);
  }
  std::size_t sent = 0;
  desk.advance(nowMs + 1'000'000, [&](std::span<const std::uint8_t> line) { sent += line.size(); });
  EXPECT_THAT(sent, AllOf(Ge(1000u), Le(600u * 10u)));
  EXPECT_EQ(desk.heightMm(), 720);
}

}  // namespace
}  // namespace deskd
