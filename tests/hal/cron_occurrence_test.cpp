// SPDX-License-Identifier: Apache-2.0
// Against the C library's idea of time zones, minute by minute.
#include "hal/cron/occurrence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Seconds = std::int64_t;

Seconds at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  using namespace std::chrono;
  const sys_days date = std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day);
  return duration_cast<seconds>(date.time_since_epoch()).count() + (hour * 60 + minute) * 60;
}

// Runs in (after, until], as nextOccurrence() tells them.
std::vector<Seconds> runs(const CronExpression& expression, const TimeZone& zone, GapPolicy policy,
                          Seconds after, Seconds until) {
  std::vector<Seconds> result;
  for (std::int64_t ms = after * 1000;;) {
    const auto next = nextOccurrence(expression, zone, policy, ms);
    if (!next || *next > until * 1000) return result;
    EXPECT_GT(*next, ms);
    EXPECT_EQ(*next % 1000, 0);
    ms = *next;
    result.push_back(ms / 1000);
  }
}

// The C library's wall clock of one zone.
class LibcZone {
 public:
  explicit LibcZone(const std::string& name) {
    ::setenv("TZ", name.c_str(), 1);
    ::tzset();
  }
  ~LibcZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  LibcZone(const LibcZone&) = delete;
  LibcZone& operator=(const LibcZone&) = delete;

  static Seconds offset(Seconds second) {
    const auto time = static_cast<time_t>(second);
    tm wall{};
    ::localtime_r(&time, &wall);
    return wall.tm_gmtoff;
  }
  // The first seconds of new offsets.
  static std::vector<Seconds> changes(Seconds from, Seconds to) {
    std::vector<Seconds> result;
    constexpr Seconds step = 86400;
    for (Seconds second = from; second < to; second += step) {
      Seconds before = second;
      Seconds after = second + step;
      if (offset(before) == offset(after)) continue;
      while (after - before > 1) {
        const Seconds middle = (before + after) / 2;
        (offset(middle) == offset(second) ? before : after) = middle;
      }
      result.push_back(after);
    }
    return result;
  }
};

// What an expression means, told another way.
struct Meaning {
  std::string text;
  bool interval;
  std::function<bool(const tm&)> matches;
};

tm civil(Seconds wall) {
  const auto time = static_cast<time_t>(wall);
  tm result{};
  ::gmtime_r(&time, &result);
  return result;
}

// What should run from `from` on: walks the minutes, and remembers which the clock has shown. Runs of the
// first `warmUp` seconds are left out, since what was before is not known.
struct Minute {
  Seconds second;
  Seconds wall;
  tm fields;
};
std::vector<Minute> minutes(Seconds from, Seconds until) {
  std::vector<Minute> result;
  for (Seconds second = from; second <= until; second += 60) {
    const Seconds wall = second + LibcZone::offset(second);
    result.push_back({second, wall, civil(wall)});
  }
  return result;
}
std::vector<Seconds> walk(const Meaning& meaning, const std::vector<Minute>& clock, GapPolicy policy,
                          Seconds after) {
  std::vector<Seconds> result;
  Seconds shown = clock.front().wall;  // the latest that it has shown
  for (std::size_t i = 1; i < clock.size(); ++i) {
    const Minute& now = clock[i];
    bool wanted = false;
    if (meaning.interval) {
      wanted = meaning.matches(now.fields);
    } else {
      if (policy == GapPolicy::once)
        for (Seconds lost = shown + 60; lost < now.wall; lost += 60)
          wanted = wanted || meaning.matches(civil(lost));
      wanted = wanted || (now.wall > shown && meaning.matches(now.fields));
    }
    shown = std::max(shown, now.wall);
    if (wanted && now.second > after) result.push_back(now.second);
  }
  return result;
}

std::vector<Meaning> meanings() {
  return {
      {"*/5 * * * *", true, [](const tm& t) { return t.tm_min % 5 == 0; }},
      {"30 * * * *", true, [](const tm& t) { return t.tm_min == 30; }},
      {"0 */2 * * *", true, [](const tm& t) { return t.tm_min == 0 && t.tm_hour % 2 == 0; }},
      {"*/10 2 * * *", true, [](const tm& t) { return t.tm_min % 10 == 0 && t.tm_hour == 2; }},
      {"0 0 * * *", false, [](const tm& t) { return t.tm_min == 0 && t.tm_hour == 0; }},
      {"30 1 * * *", false, [](const tm& t) { return t.tm_min == 30 && t.tm_hour == 1; }},
      {"30 2 * * *", false, [](const tm& t) { return t.tm_min == 30 && t.tm_hour == 2; }},
      {"0 2,3 * * *", false, [](const tm& t) { return t.tm_min == 0 && (t.tm_hour == 2 || t.tm_hour == 3); }},
      {"15,45 0-4 * * *", false, [](const tm& t) { return t.tm_min % 30 == 15 && t.tm_hour <= 4; }},
      {"59 23 * * sat,sun", false,
       [](const tm& t) { return t.tm_min == 59 && t.tm_hour == 23 && (t.tm_wday == 6 || t.tm_wday == 0); }},
      {"45 23 L * fri", false,
       [](tm t) {
         const bool fits = t.tm_min == 45 && t.tm_hour == 23;
         return fits && (t.tm_wday == 5 || civil(::timegm(&t) + 86400).tm_mday == 1);
       }},
      {"0 12 * * *", false, [](const tm& t) { return t.tm_min == 0 && t.tm_hour == 12; }},
  };
}

class ChangesOf : public testing::TestWithParam<std::pair<const char*, std::size_t>> {};

TEST_P(ChangesOf, TheClockFrom2000To2037AreMetByEveryKindOfExpression) {
  const auto [name, least] = GetParam();
  const LibcZone libc(name);
  const auto zone = openTimeZone(name);
  const auto changes = LibcZone::changes(at(2000, 1, 1), at(2038, 1, 1));
  EXPECT_GE(changes.size(), least);
  std::vector<std::pair<Meaning, CronExpression>> cases;
  for (const Meaning& meaning : meanings())
    cases.emplace_back(meaning, parseCronExpression(meaning.text));
  for (const Seconds change : changes) {
    // A whole day may be missing, as in Samoa.
    const Seconds from = change - 40 * 3600;
    const Seconds until = change + 40 * 3600;
    const auto clock = minutes(from - 4 * 3600, until);
    for (const auto& [meaning, expression] : cases) {
      EXPECT_EQ(expression.interval, meaning.interval);
      for (const GapPolicy policy : {GapPolicy::skip, GapPolicy::once})
        ASSERT_EQ(runs(expression, *zone, policy, from, until), walk(meaning, clock, policy, from))
            << name << ", change at " << change << ", " << meaning.text << ", policy "
            << static_cast<int>(policy);
    }
  }
}

// At least so many changes: those that have been when this was written. What comes may be decided otherwise.
INSTANTIATE_TEST_SUITE_P(Zones, ChangesOf,
                         testing::Values(std::pair{"Europe/Berlin", 52}, std::pair{"America/New_York", 52},
                                         std::pair{"Australia/Lord_Howe", 52},  // half an hour
                                         std::pair{"America/Santiago", 50},     // at midnight
                                         std::pair{"Pacific/Apia", 23},         // and a day that was not
                                         std::pair{"Asia/Tehran", 42}, std::pair{"Africa/Casablanca", 46}),
                         [](const auto& given) {
                           std::string name = given.param.first;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

// One field by chance, and the values that it means.
struct RandomField {
  std::string text;
  std::set<int> values;
  bool star = false;
};
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  int number(int from, int to) { return std::uniform_int_distribution(from, to)(random_); }

  RandomField field(int least, int most, int starOf) {
    RandomField made;
    if (number(1, starOf) > 1) {
      const int step = number(0, 2) > 0 ? 1 : number(2, most - least);
      made.star = true;
      made.text = step == 1 ? "*" : "*/" + std::to_string(step);
      for (int value = least; value <= most; value += step)
        made.values.insert(value);
      return made;
    }
    for (int item = number(1, 3); item > 0; --item) {
      const int from = number(least, most);
      const int to = number(0, 1) == 0 ? from : number(from, most);
      made.text += (made.text.empty() ? "" : ",") + std::to_string(from);
      if (to > from) made.text += "-" + std::to_string(to);
      for (int value = from; value <= to; ++value)
        made.values.insert(value);
    }
    return made;
  }

  Meaning meaning() {
    const auto minute = field(0, 59, 2);
    const auto hour = field(0, 23, 3);
    const auto day = field(1, 31, 3);
    const auto month = field(1, 12, 6);
    const auto weekday = field(0, 6, 3);
    const bool interval = minute.star || hour.star || minute.values.size() == 60 || hour.values.size() == 24;
    return {minute.text + " " + hour.text + " " + day.text + " " + month.text + " " + weekday.text, interval,
            [=](const tm& t) {
              const bool dayFits = day.values.contains(t.tm_mday);
              const bool weekdayFits = weekday.values.contains(t.tm_wday);
              return minute.values.contains(t.tm_min) && hour.values.contains(t.tm_hour) &&
                     month.values.contains(t.tm_mon + 1) &&
                     (day.star || weekday.star ? dayFits && weekdayFits : dayFits || weekdayFits);
            }};
  }

 private:
  std::mt19937 random_;
};

TEST(CronOccurrence, AgreesWithAWalkOverTheMinutesForExpressionsByChance) {
  constexpr std::array zones{"Europe/Berlin",    "America/New_York", "Australia/Lord_Howe",
                             "America/Santiago", "Pacific/Apia",     "Africa/Casablanca"};
  Generator generator(20261124);
  int compared = 0;
  for (const char* name : zones) {
    const LibcZone libc(name);
    const auto zone = openTimeZone(name);
    const auto changes = LibcZone::changes(at(2000, 1, 1), at(2038, 1, 1));
    for (int round = 0; round < 12; ++round) {
      // Around a change, or anywhere.
      const Seconds middle = round % 3 == 0 ? at(2000, 1, 1) + Seconds{generator.number(0, 13800)} * 86400
                                            : changes.at(static_cast<std::size_t>(
                                                  generator.number(0, static_cast<int>(changes.size()) - 1)));
      const Seconds from = middle - 3 * 86400 - 60 * Seconds{generator.number(0, 1440)};
      const Seconds until = middle + 3 * 86400;
      const auto clock = minutes(from - 4 * 3600, until);
      for (int made = 0; made < 40; ++made) {
        const Meaning meaning = generator.meaning();
        CronExpression expression;
        try {
          expression = parseCronExpression(meaning.text);
        } catch (const std::invalid_argument& error) {
          EXPECT_THAT(error.what(), HasSubstr("a day that one of its months has")) << meaning.text;
          continue;
        }
        const GapPolicy policy = made % 2 == 0 ? GapPolicy::skip : GapPolicy::once;
        const auto expected = walk(meaning, clock, policy, from);
        ASSERT_EQ(runs(expression, *zone, policy, from, until), expected)
            << name << ", from " << from << ", " << meaning.text << ", policy " << static_cast<int>(policy);
        compared += static_cast<int>(expected.size());
      }
    }
  }
  EXPECT_GT(compared, 10'000);
}

TEST(CronOccurrence, IsAlwaysLaterThanAskedFor) {
  const auto everySecond = parseCronExpression("* * * * * *");
  const auto utc = openTimeZone("UTC");
  EXPECT_EQ(nextOccurrence(everySecond, *utc, GapPolicy::skip, 0), 1000);
  EXPECT_EQ(nextOccurrence(everySecond, *utc, GapPolicy::skip, 999), 1000);
  EXPECT_EQ(nextOccurrence(everySecond, *utc, GapPolicy::skip, 1000), 2000);
  EXPECT_EQ(nextOccurrence(everySecond, *utc, GapPolicy::skip, -1), 0);
}

TEST(CronOccurrence, CountsSeconds) {
  const auto utc = openTimeZone("UTC");
  const Seconds day = at(2026, 11, 24);
  EXPECT_THAT(runs(parseCronExpression("10,50 59 23 * * *"), *utc, GapPolicy::skip, day, day + 2 * 86400),
              ElementsAre(day + 86350, day + 86390, day + 2 * 86400 - 50, day + 2 * 86400 - 10));
}

TEST(CronOccurrence, FindsWhatIsRare) {
  const auto utc = openTimeZone("UTC");
  const auto leap = parseCronExpression("0 0 29 2 *");
  EXPECT_EQ(nextOccurrence(leap, *utc, GapPolicy::skip, at(2096, 2, 29) * 1000), at(2104, 2, 29) * 1000);
  // Both must be, since one begins with *: 29 February on a weekend.
  const auto weekend = parseCronExpression("0 0 29-29 2 */6");
  EXPECT_EQ(nextOccurrence(weekend, *utc, GapPolicy::skip, at(2026, 1, 1) * 1000), at(2032, 2, 29) * 1000);
  EXPECT_THAT(runs(parseCronExpression("0 0 L * *"), *utc, GapPolicy::skip, at(2027, 1, 1), at(2027, 4, 30)),
              ElementsAre(at(2027, 1, 31), at(2027, 2, 28), at(2027, 3, 31), at(2027, 4, 30)));
}

TEST(CronOccurrence, FollowsTheRuleInAZoneThatIsWrittenOut) {
  const auto berlin = openTimeZone("Europe/Berlin");
  // 29 March 2026: 02:00 becomes 03:00, at 01:00 UTC.
  const auto night = parseCronExpression("30 2 * * *");
  EXPECT_THAT(runs(night, *berlin, GapPolicy::once, at(2026, 3, 28), at(2026, 3, 30, 12)),
              ElementsAre(at(2026, 3, 28, 1, 30), at(2026, 3, 29, 1, 0), at(2026, 3, 30, 0, 30)));
  EXPECT_THAT(runs(night, *berlin, GapPolicy::skip, at(2026, 3, 28), at(2026, 3, 30, 12)),
              ElementsAre(at(2026, 3, 28, 1, 30), at(2026, 3, 30, 0, 30)));
  // Several times in the gap, and one just behind it, are one run.
  EXPECT_THAT(runs(parseCronExpression("0,20,40 2,3 29 3 *"), *berlin, GapPolicy::once, at(2026, 3, 29),
                   at(2026, 3, 29, 1, 30)),
              ElementsAre(at(2026, 3, 29, 1, 0), at(2026, 3, 29, 1, 20)));
  // 25 October 2026: 03:00 becomes 02:00, at 01:00 UTC.
  EXPECT_THAT(runs(night, *berlin, GapPolicy::once, at(2026, 10, 25), at(2026, 10, 26)),
              ElementsAre(at(2026, 10, 25, 0, 30)));
  EXPECT_THAT(runs(parseCronExpression("*/30 * * * *"), *berlin, GapPolicy::skip, at(2026, 10, 25),
                   at(2026, 10, 25, 2)),
              ElementsAre(at(2026, 10, 25, 0, 30), at(2026, 10, 25, 1), at(2026, 10, 25, 1, 30),
                          at(2026, 10, 25, 2)));
}

TEST(TimeZone, IsRefusedByNameWithTheOneThatWasMeant) {
  const auto refusal = [](const std::string& name) {
    try {
      openTimeZone(name);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal("Europe/Berln"),
            "time zone: expected a name such as \"Europe/Berlin\", found \"Europe/Berln\"; did you mean "
            "\"Europe/Berlin\"?");
  EXPECT_THAT(refusal("../../etc/passwd"), HasSubstr("found \"../../etc/passwd\""));
  EXPECT_THAT(refusal(""), HasSubstr("found \"\""));
  EXPECT_EQ(refusal("UTC"), "accepted");
}

TEST(TimeZone, OfTheMachineIsThatOfTheEnvironmentFirst) {
  {
    const LibcZone environment(":Asia/Tehran");
    EXPECT_EQ(openLocalTimeZone()->name(), "Asia/Tehran");
  }
  EXPECT_EQ(openLocalTimeZone()->spanAt(at(2026, 7, 1)).offset, LibcZone::offset(at(2026, 7, 1)));
}

}  // namespace
}  // namespace deskd
