// SPDX-License-Identifier: Apache-2.0
#include "hal/gpio_debounce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t period = 10 * ms;

GpioEvent raw(bool rising, std::uint64_t at, std::size_t line = 0) {
  return {line, rising, at, 0};
}

auto isEvent(bool rising, std::uint64_t at, std::uint32_t sequence, std::size_t line = 0) {
  return testing::AllOf(testing::Field(&GpioEvent::line, line), testing::Field(&GpioEvent::rising, rising),
                        testing::Field(&GpioEvent::timestampNs, at),
                        testing::Field(&GpioEvent::sequence, sequence));
}

TEST(GpioDebounce, ReportsALevelOnceItHasLastedThePeriod) {
  GpioDebounce debounce(period, GpioEdge::both, {false});
  EXPECT_EQ(debounce.dueNs(), std::nullopt);
  EXPECT_EQ(debounce.add(raw(true, 100 * ms)), std::nullopt);
  EXPECT_THAT(debounce.dueNs(), Optional(110 * ms));
  EXPECT_THAT(debounce.settle(110 * ms - 1, {true}), IsEmpty());
  EXPECT_THAT(debounce.settle(110 * ms, {true}), ElementsAre(isEvent(true, 110 * ms, 1)));
  EXPECT_EQ(debounce.dueNs(), std::nullopt);
  EXPECT_THAT(debounce.levels(), ElementsAre(true));
}

TEST(GpioDebounce, EveryEdgeStartsThePeriodAgain) {
  GpioDebounce debounce(period, GpioEdge::both, {false});
  for (std::uint64_t at = 0; at < 50; at += 5)
    EXPECT_EQ(debounce.add(raw(at % 10 == 0, at * ms)), std::nullopt);
  EXPECT_EQ(debounce.add(raw(true, 50 * ms)), std::nullopt);
  EXPECT_THAT(debounce.settle(59 * ms, {true}), IsEmpty());
  EXPECT_THAT(debounce.settle(60 * ms, {true}), ElementsAre(isEvent(true, 60 * ms, 1)));
}

TEST(GpioDebounce, ALevelThatComesBackIsNotReportedAgain) {
  GpioDebounce debounce(period, GpioEdge::both, {false});
  debounce.add(raw(true, 0));
  debounce.add(raw(false, 3 * ms));
  EXPECT_THAT(debounce.settle(20 * ms, {false}), IsEmpty());
  EXPECT_EQ(debounce.dueNs(), std::nullopt);
}

TEST(GpioDebounce, SomebodyWhoComesLateHearsOfBothLevels) {
  GpioDebounce debounce(period, GpioEdge::both, {false});
  EXPECT_EQ(debounce.add(raw(true, 0)), std::nullopt);
  EXPECT_EQ(debounce.add(raw(false, 2 * ms)), std::nullopt);
  EXPECT_EQ(debounce.add(raw(true, 4 * ms)), std::nullopt);
  EXPECT_THAT(debounce.add(raw(false, 50 * ms)), Optional(isEvent(true, 14 * ms, 1)));
  EXPECT_THAT(debounce.settle(1000 * ms, {false}), ElementsAre(isEvent(false, 60 * ms, 2)));
}

TEST(GpioDebounce, ALevelThatIsNotWhatTheLastEdgeSaidGetsAnotherPeriod) {
  GpioDebounce debounce(period, GpioEdge::both, {false});
  debounce.add(raw(true, 0));
  EXPECT_THAT(debounce.settle(10 * ms, {false}), IsEmpty()) << "an edge was lost, or is on its way";
  EXPECT_THAT(debounce.dueNs(), Optional(20 * ms));
  EXPECT_THAT(debounce.settle(20 * ms, {false}), IsEmpty()) << "it was low before";
  EXPECT_EQ(debounce.dueNs(), std::nullopt);

  debounce.add(raw(false, 100 * ms));
  EXPECT_THAT(debounce.settle(110 * ms, {true}), IsEmpty());
  EXPECT_THAT(debounce.settle(120 * ms, {true}), ElementsAre(isEvent(true, 120 * ms, 1)));
}

TEST(GpioDebounce, ReportsOnlyTheEdgesThatWereAskedForAndCountsThose) {
  GpioDebounce rising(period, GpioEdge::rising, {true});
  rising.add(raw(false, 0));
  EXPECT_THAT(rising.settle(10 * ms, {false}), IsEmpty());
  EXPECT_THAT(rising.levels(), ElementsAre(false));
  rising.add(raw(true, 100 * ms));
  EXPECT_THAT(rising.settle(110 * ms, {true}), ElementsAre(isEvent(true, 110 * ms, 1)));

  GpioDebounce none(period, GpioEdge::none, {false});
  none.add(raw(true, 0));
  EXPECT_THAT(none.settle(10 * ms, {true}), IsEmpty());
  EXPECT_THAT(none.levels(), ElementsAre(true));
}

TEST(GpioDebounce, KeepsLinesApart) {
  GpioDebounce debounce(period, GpioEdge::both, {false, true});
  debounce.add(raw(true, 0, 0));
  debounce.add(raw(false, 4 * ms, 1));
  EXPECT_THAT(debounce.dueNs(), Optional(10 * ms));
  EXPECT_THAT(debounce.settle(10 * ms, {true, false}), ElementsAre(isEvent(true, 10 * ms, 1, 0)));
  EXPECT_THAT(debounce.dueNs(), Optional(14 * ms));
  EXPECT_THAT(debounce.settle(14 * ms, {true, false}), ElementsAre(isEvent(false, 14 * ms, 1, 1)));
}

// Whatever the contact does and however late the caller is: levels alternate, sequence numbers have no gaps,
// and in the end the level that counts is the line's.
TEST(GpioDebounce, NeverRepeatsALevelAndEndsWithTheTruth) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    GpioDebounce debounce(period, GpioEdge::both, {false});
    bool level = false;
    bool reported = false;
    std::uint32_t sequence = 0;
    std::uint64_t now = 0;
    std::uint64_t lastReport = 0;
    const auto check = [&](const GpioEvent& event) {
      EXPECT_NE(event.rising, reported) << "seed " << seed;
      EXPECT_EQ(event.sequence, ++sequence) << "seed " << seed;
      EXPECT_GE(event.timestampNs, lastReport) << "seed " << seed;
      reported = event.rising;
      lastReport = event.timestampNs;
    };
    for (int edge = 0; edge < 200; ++edge) {
      now += random() % (random() % 4 == 0 ? 40 * ms : 4 * ms);
      level = !level;
      const bool lost = random() % 8 == 0;
      if (!lost)
        if (const auto event = debounce.add(raw(level, now))) check(*event);
      if (random() % 3 == 0)
        for (const auto& event : debounce.settle(now, {level}))
          check(event);
    }
    // The last edge is not lost: nothing could tell of it.
    level = !level;
    now += ms;
    if (const auto event = debounce.add(raw(level, now))) check(*event);
    while (const auto due = debounce.dueNs())
      for (const auto& event : debounce.settle(*due, {level}))
        check(event);
    EXPECT_EQ(reported, level) << "seed " << seed;
    EXPECT_THAT(debounce.levels(), ElementsAre(level));
  }
}

}  // namespace
}  // namespace deskd
