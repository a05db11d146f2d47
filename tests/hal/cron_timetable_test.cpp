// SPDX-License-Identifier: Apache-2.0
#include "hal/cron/timetable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t second = 1000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

// A day at midnight, UTC; times are written as distances from it.
const std::int64_t midnight = [] {
  using namespace std::chrono;
  return duration_cast<milliseconds>(sys_days(2026y / November / 24).time_since_epoch()).count();
}();

class TimetableTest : public testing::Test {
 protected:
  TimetableTest() { set(8 * hour); }

  // Time passes.
  void pass(std::int64_t ms) {
    now_.wallMs += ms;
    now_.elapsedMs += ms;
  }
  // Somebody sets the clock, which takes no time.
  void set(std::int64_t sinceMidnight) { now_.wallMs = midnight + sinceMidnight; }

  void add(const std::string& expression, Timetable::Job job = {}) {
    job.expression = parseCronExpression(expression);
    job.zone = openTimeZone("UTC");
    table_.add(++last_, std::move(job), now_);
  }

  // "HH:MM:SS" of the runs that are due, "missed" behind those that are.
  std::vector<std::string> due() {
    std::vector<std::string> result;
    for (const Timetable::Run& run : table_.takeDue(now_))
      result.push_back(text(run.scheduledMs) + (run.missed ? " missed" : ""));
    return result;
  }
  static std::string text(std::int64_t ms) {
    const std::int64_t time = (ms - midnight) / second;
    const auto two = [](std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    return two(time / 3600) + ":" + two(time / 60 % 60) + ":" + two(time % 60);
  }
  std::string next() { return table_.nextMs(last_) ? text(*table_.nextMs(last_)) : "never"; }
  std::string wake() { return table_.wakeAtMs() ? text(*table_.wakeAtMs()) : "never"; }

  ClockReading now_{0, 1'000'000, true, true};
  double chance_ = 0;
  Timetable table_{[this] { return chance_; }};
  Timetable::Id last_ = 0;
};

TEST_F(TimetableTest, RunsWhenItIsTimeAndOnce) {
  add("30 8 * * *");
  EXPECT_EQ(next(), "08:30:00");
  EXPECT_EQ(wake(), "08:30:00");
  EXPECT_THAT(due(), IsEmpty());
  pass(30 * minute - 1);
  EXPECT_THAT(due(), IsEmpty());
  pass(1);
  EXPECT_THAT(due(), ElementsAre("08:30:00"));
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "32:30:00");
}

TEST_F(TimetableTest, WakesForTheFirstOfAllJobs) {
  EXPECT_EQ(wake(), "never");
  EXPECT_TRUE(table_.empty());
  add("0 10 * * *");
  add("0 9 * * *");
  EXPECT_EQ(wake(), "09:00:00");
  table_.remove(last_);
  EXPECT_EQ(wake(), "10:00:00");
}

TEST_F(TimetableTest, GivesWhatIsDueInOrderOfTime) {
  add("2 8 * * *");
  add("1 8 * * *");
  add("2 8 * * *");
  pass(2 * minute);
  std::vector<Timetable::Id> order;
  for (const auto& run : table_.takeDue(now_))
    order.push_back(run.job);
  EXPECT_THAT(order, ElementsAre(2, 1, 3));
}

TEST_F(TimetableTest, RunsOnceForWhatABusyMomentHasLeftBehind) {
  add("* * * * * *");
  pass(5 * second + 300);
  EXPECT_THAT(due(), ElementsAre("08:00:01"));
  EXPECT_EQ(next(), "08:00:06");
}

TEST_F(TimetableTest, LeavesOutRunsThatTheClockHasJumpedOver) {
  add("30 8 * * *");
  set(9 * hour);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "32:30:00");
}

TEST_F(TimetableTest, MakesUpForThemByOneRunIfToldSo) {
  add("30 8 * * *", {.runMissed = true});
  set(3 * day + 9 * hour);
  EXPECT_THAT(due(), ElementsAre("08:30:00 missed"));
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "104:30:00");
}

TEST_F(TimetableTest, TakesAJumpOfLessThanAMinuteForNone) {
  add("30 8 * * *");
  set(8 * hour + 31 * minute);
  EXPECT_THAT(due(), ElementsAre("08:30:00"));
}

TEST_F(TimetableTest, RunsTheOneThatIsDueAfterAJumpAsUsual) {
  add("*/30 * * * *", {.runMissed = true});
  set(12 * hour + 10 * second);
  EXPECT_THAT(due(), ElementsAre("12:00:00"));
  EXPECT_EQ(next(), "12:30:00");
}

TEST_F(TimetableTest, DoesNotRepeatTimesOfTheDayWhenTheClockIsSetBack) {
  add("30 8 * * *");
  pass(31 * minute);
  EXPECT_THAT(due(), ElementsAre("08:30:00"));
  set(7 * hour);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "32:30:00");
  pass(2 * hour);
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(TimetableTest, TakesAClockThatIsSetBackByHoursForAnotherTime) {
  add("30 8 * * *");
  pass(30 * minute);
  EXPECT_THAT(due(), ElementsAre("08:30:00"));
  set(5 * hour);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "08:30:00");
}

TEST_F(TimetableTest, GoesOnWithIntervalsAtOnceWhenTheClockIsSetBack) {
  add("*/5 * * * *");
  pass(5 * minute);
  EXPECT_THAT(due(), ElementsAre("08:05:00"));
  set(7 * hour + 1 * minute);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "07:05:00");
}

TEST_F(TimetableTest, DoesNotRepeatAnIntervalForACorrectionOfTheClock) {
  add("* * * * * *");
  pass(5 * second);
  EXPECT_THAT(due(), ElementsAre("08:00:01"));
  pass(second);
  EXPECT_THAT(due(), ElementsAre("08:00:06"));
  set(8 * hour + 5 * second + 900);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "08:00:07");
}

TEST_F(TimetableTest, PlansAnewWhatWasAheadWhenTheClockIsSetBack) {
  add("30 8 * * *");
  set(6 * hour);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "08:30:00");
  set(-2 * hour);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "08:30:00");
  add("0 23 * * *");
  set(-3 * hour);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(wake(), text(midnight - hour));
}

TEST_F(TimetableTest, HoldsUntilTheClockIsSynchronised) {
  now_.synchronised = false;
  add("30 8 * * *");
  EXPECT_TRUE(table_.isHeld(last_));
  EXPECT_EQ(table_.held(), 1u);
  EXPECT_EQ(next(), "never");
  EXPECT_EQ(wake(), "never");
  pass(hour);
  EXPECT_THAT(due(), IsEmpty());
  now_.synchronised = true;
  set(8 * hour + 20 * minute);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(table_.held(), 0u);
  EXPECT_EQ(next(), "08:30:00");
}

TEST_F(TimetableTest, MissesWhatWasDueByTheRightClockDuringTheHold) {
  for (const bool run : {false, true}) {
    now_.synchronised = false;
    set(-300 * day);
    add("30 8 * * *", {.runMissed = run});
    pass(hour);
    now_.synchronised = true;
    set(9 * hour);  // so the hold began at 8:00
    EXPECT_THAT(due(), run ? testing::Matcher<std::vector<std::string>>(ElementsAre("08:30:00 missed"))
                           : testing::Matcher<std::vector<std::string>>(IsEmpty()));
    EXPECT_EQ(next(), "32:30:00");
    table_.remove(last_);
  }
}

TEST_F(TimetableTest, DoesNotMissWhatWasBeforeTheHold) {
  now_.synchronised = false;
  set(-300 * day);
  add("30 8 * * *", {.runMissed = true});
  pass(10 * minute);
  now_.synchronised = true;
  set(9 * hour);
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(TimetableTest, RunsByAnUnsynchronisedClockIfToldSoAndItIsPlausible) {
  now_.synchronised = false;
  add("30 8 * * *", {.runUnsynchronised = true});
  EXPECT_FALSE(table_.isHeld(last_));
  pass(30 * minute);
  EXPECT_THAT(due(), ElementsAre("08:30:00"));
  now_.plausible = false;
  set(-20000 * day);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_TRUE(table_.isHeld(last_));
  pass(day);
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(TimetableTest, MakesUpForWhatARestartHasMissed) {
  add("30 7 * * *", {.runMissed = true});
  EXPECT_THAT(due(), IsEmpty());
  table_.ranBefore(last_, midnight - day + 7 * hour + 30 * minute, now_);
  EXPECT_THAT(due(), ElementsAre("07:30:00 missed"));
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "31:30:00");
}

TEST_F(TimetableTest, MissesNothingIfItRanBeforeTheRestart) {
  add("30 7 * * *", {.runMissed = true});
  table_.ranBefore(last_, midnight + 7 * hour + 30 * minute, now_);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(next(), "31:30:00");
}

TEST_F(TimetableTest, RemembersARestartThroughAHold) {
  now_.synchronised = false;
  set(-300 * day);
  add("30 7 * * *", {.runMissed = true});
  table_.ranBefore(last_, midnight - day + 7 * hour + 30 * minute, now_);
  pass(minute);
  EXPECT_THAT(due(), IsEmpty());
  now_.synchronised = true;
  set(8 * hour);
  EXPECT_THAT(due(), ElementsAre("07:30:00 missed"));
  EXPECT_EQ(next(), "31:30:00");
}

TEST_F(TimetableTest, DoesNotRepeatWhatRanByAClockThatWasAhead) {
  add("30 8 * * *");
  table_.ranBefore(last_, midnight + 8 * hour + 30 * minute, now_);  // it is 8:00
  EXPECT_EQ(next(), "32:30:00");
}

TEST_F(TimetableTest, IsLateByChanceWithinTheJitter) {
  chance_ = 0.5;
  add("30 8 * * *", {.jitterMs = 10 * minute});
  EXPECT_EQ(next(), "08:30:00");
  EXPECT_EQ(wake(), "08:35:00");
  set(8 * hour + 34 * minute);
  EXPECT_THAT(due(), IsEmpty());
  pass(minute);
  EXPECT_THAT(due(), ElementsAre("08:30:00"));
  chance_ = 0.9999999;
  add("30 8 * * *", {.jitterMs = 1});
  EXPECT_EQ(*table_.wakeAtMs(), *table_.nextMs(last_) + 1);
}

TEST_F(TimetableTest, KeepsTheJitterOfARunThatIsDueAfterAJump) {
  chance_ = 0.5;
  add("*/30 * * * *", {.jitterMs = 2 * minute});
  set(12 * hour + 10 * second);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(wake(), "12:01:00");
  pass(50 * second);
  EXPECT_THAT(due(), ElementsAre("12:00:00"));
}

TEST_F(TimetableTest, HasNoNextRunWhereThereIsNone) {
  add("0 0 1 1 *");
  table_.remove(last_);
  EXPECT_EQ(next(), "never");
  EXPECT_FALSE(table_.isHeld(last_));
  table_.ranBefore(last_, midnight, now_);
}

}  // namespace
}  // namespace deskd
