// SPDX-License-Identifier: Apache-2.0
#include "hal/cron/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <std::size_t N>
std::vector<int> values(const std::bitset<N>& bits) {
  std::vector<int> result;
  for (std::size_t i = 0; i < N; ++i)
    if (bits[i]) result.push_back(static_cast<int>(i));
  return result;
}

std::string refusal(const std::string& text) {
  try {
    parseCronExpression(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(CronExpression, HasFiveFieldsFromMinutesOn) {
  const auto e = parseCronExpression("5 4 3 2 1");
  EXPECT_THAT(values(e.seconds), ElementsAre(0));
  EXPECT_THAT(values(e.minutes), ElementsAre(5));
  EXPECT_THAT(values(e.hours), ElementsAre(4));
  EXPECT_THAT(values(e.days), ElementsAre(3));
  EXPECT_THAT(values(e.months), ElementsAre(2));
  EXPECT_THAT(values(e.weekdays), ElementsAre(1));
}

TEST(CronExpression, HasSecondsFirstWhereThereAreSix) {
  const auto e = parseCronExpression("  30\t5 4   * * *  ");
  EXPECT_THAT(values(e.seconds), ElementsAre(30));
  EXPECT_THAT(values(e.minutes), ElementsAre(5));
  EXPECT_THAT(values(e.hours), ElementsAre(4));
}

TEST(CronExpression, KnowsListsRangesAndSteps) {
  EXPECT_THAT(values(parseCronExpression("1,5,3 * * * *").minutes), ElementsAre(1, 3, 5));
  EXPECT_THAT(values(parseCronExpression("10-13 * * * *").minutes), ElementsAre(10, 11, 12, 13));
  EXPECT_THAT(values(parseCronExpression("*/20 * * * *").minutes), ElementsAre(0, 20, 40));
  EXPECT_THAT(values(parseCronExpression("10-40/15 * * * *").minutes), ElementsAre(10, 25, 40));
  EXPECT_THAT(values(parseCronExpression("5/25 * * * *").minutes), ElementsAre(5, 30, 55));
  EXPECT_THAT(values(parseCronExpression("0 0 */10 * *").days), ElementsAre(1, 11, 21, 31));
  EXPECT_THAT(values(parseCronExpression("0-2,30,50/5 * * * *").minutes), ElementsAre(0, 1, 2, 30, 50, 55));
}

TEST(CronExpression, KnowsNamesInAnyCase) {
  EXPECT_THAT(values(parseCronExpression("0 0 * Jan,mar-MAY *").months), ElementsAre(1, 3, 4, 5));
  EXPECT_THAT(values(parseCronExpression("0 0 * * MON-fri").weekdays), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(values(parseCronExpression("0 0 * jan-dec/6 *").months), ElementsAre(1, 7));
}

TEST(CronExpression, CallsSundayZeroAndSeven) {
  EXPECT_THAT(values(parseCronExpression("0 0 * * 0").weekdays), ElementsAre(0));
  EXPECT_THAT(values(parseCronExpression("0 0 * * 7").weekdays), ElementsAre(0));
  EXPECT_THAT(values(parseCronExpression("0 0 * * 5-7").weekdays), ElementsAre(0, 5, 6));
  EXPECT_THAT(values(parseCronExpression("0 0 * * sat-sun").weekdays), ElementsAre(0, 6));
  EXPECT_THAT(values(parseCronExpression("0 0 * * sun-mon").weekdays), ElementsAre(0, 1));
  EXPECT_THAT(values(parseCronExpression("0 0 * * */2").weekdays), ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(values(parseCronExpression("0 0 * * 5/1").weekdays), ElementsAre(5, 6));
}

TEST(CronExpression, KnowsTheUsualAbbreviations) {
  const auto same = [](const char* a, const char* b) {
    const auto x = parseCronExpression(a);
    const auto y = parseCronExpression(b);
    return x.seconds == y.seconds && x.minutes == y.minutes && x.hours == y.hours && x.days == y.days &&
           x.months == y.months && x.weekdays == y.weekdays && x.interval == y.interval;
  };
  EXPECT_TRUE(same("@hourly", "0 * * * *"));
  EXPECT_TRUE(same("@daily", "0 0 * * *"));
  EXPECT_TRUE(same(" @Midnight ", "0 0 * * *"));
  EXPECT_TRUE(same("@weekly", "0 0 * * 0"));
  EXPECT_TRUE(same("@monthly", "0 0 1 * *"));
  EXPECT_TRUE(same("@yearly", "0 0 1 1 *"));
  EXPECT_TRUE(same("@annually", "0 0 1 1 *"));
}

TEST(CronExpression, CombinesDaysAsVixieCronDoes) {
  using namespace std::chrono;
  const year_month_day friday13{2026y / November / 13};
  const year_month_day thursday12{2026y / November / 12};
  const year_month_day friday20{2026y / November / 20};
  const auto both = parseCronExpression("0 0 13 * fri");
  EXPECT_TRUE(both.matchesDay(friday13));
  EXPECT_TRUE(both.matchesDay(friday20));
  EXPECT_TRUE(both.matchesDay(2026y / November / 13));
  EXPECT_FALSE(both.matchesDay(thursday12));
  const auto weekday = parseCronExpression("0 0 * * fri");
  EXPECT_TRUE(weekday.matchesDay(friday20));
  EXPECT_FALSE(weekday.matchesDay(thursday12));
  const auto day = parseCronExpression("0 0 12 * *");
  EXPECT_TRUE(day.matchesDay(thursday12));
  EXPECT_FALSE(day.matchesDay(friday20));
  const auto starStep = parseCronExpression("0 0 */2 * fri");  // begins with *: no restriction by itself
  EXPECT_TRUE(starStep.matchesDay(friday13));
  EXPECT_FALSE(starStep.matchesDay(friday20));
}

TEST(CronExpression, KnowsTheLastDayOfAMonth) {
  using namespace std::chrono;
  const auto last = parseCronExpression("0 0 L * *");
  EXPECT_THAT(values(last.days), IsEmpty());
  EXPECT_TRUE(last.matchesDay(2028y / February / 29));
  EXPECT_FALSE(last.matchesDay(2028y / February / 28));
  EXPECT_TRUE(last.matchesDay(2027y / February / 28));
  const auto either = parseCronExpression("0 0 1,l 4 *");
  EXPECT_TRUE(either.matchesDay(2026y / April / 30));
  EXPECT_TRUE(either.matchesDay(2026y / April / 1));
  EXPECT_FALSE(either.matchesDay(2026y / April / 29));
}

TEST(CronExpression, TellsIntervalsFromTimesOfTheDay) {
  EXPECT_TRUE(parseCronExpression("*/5 * * * *").interval);
  EXPECT_TRUE(parseCronExpression("0 */2 * * *").interval);
  EXPECT_TRUE(parseCronExpression("*/5 2 * * *").interval);
  EXPECT_TRUE(parseCronExpression("* 30 2 * * *").interval);
  EXPECT_TRUE(parseCronExpression("0 0-23 * * *").interval);
  EXPECT_FALSE(parseCronExpression("30 2 * * *").interval);
  EXPECT_FALSE(parseCronExpression("0,30 1-3 * * *").interval);
}

TEST(CronExpression, NamesFieldExpectationAndFinding) {
  EXPECT_EQ(refusal("61 * * * *"), "cron expression \"61 * * * *\": minute: expected 0 to 59, found \"61\"");
  EXPECT_EQ(refusal("60 0 * * * *"),
            "cron expression \"60 0 * * * *\": second: expected 0 to 59, found \"60\"");
  EXPECT_EQ(refusal("0 24 * * *"), "cron expression \"0 24 * * *\": hour: expected 0 to 23, found \"24\"");
  EXPECT_EQ(refusal("0 0 0 * *"),
            "cron expression \"0 0 0 * *\": day of month: expected 1 to 31 or L, found \"0\"");
  EXPECT_EQ(refusal("0 0 * june *"),
            "cron expression \"0 0 * june *\": month: expected 1 to 12 or jan to dec, found \"june\"");
  EXPECT_EQ(refusal("0 0 * * 8"),
            "cron expression \"0 0 * * 8\": day of week: expected 0 to 7 or sun to sat, found \"8\"");
  EXPECT_EQ(refusal("0 0 * * L"),
            "cron expression \"0 0 * * L\": day of week: expected 0 to 7 or sun to sat, found \"L\"");
  EXPECT_EQ(refusal("*/60 * * * *"),
            "cron expression \"*/60 * * * *\": minute: expected a step from 1 to 59, found \"60\"");
  EXPECT_EQ(refusal("*/0 * * * *"),
            "cron expression \"*/0 * * * *\": minute: expected a step from 1 to 59, found \"0\"");
  EXPECT_EQ(refusal("0 22-2 * * *"),
            "cron expression \"0 22-2 * * *\": hour: expected a range that rises, found \"22-2\"");
  EXPECT_EQ(refusal("0 0 1 * * * *"),
            "cron expression \"0 0 1 * * * *\": expected 5 fields (minute, hour, day of month, month, day of "
            "week) or 6 (seconds before them), found 7");
  EXPECT_EQ(refusal("@reboot"),
            "cron expression: expected one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, "
            "@hourly, found \"@reboot\"");
}

TEST(CronExpression, RefusesWhatIsNoNumber) {
  for (const char* field : {"", "1,,2", "1,", "-", "1-", "-1", "+1", "1-2-3", "1/", "/2", "1/2/3", "0x1",
                            "1.5", "99999999999999999999", "*-5", "**", "1*", "?", "a"}) {
    if (*field == '\0') continue;
    EXPECT_THAT(refusal(std::string(field) + " * * * *"), testing::HasSubstr("minute: expected ")) << field;
  }
  EXPECT_THAT(refusal(""), testing::HasSubstr("found 0"));
  EXPECT_THAT(refusal(std::string(300, '1')), testing::HasSubstr("at most 256 characters, found 300"));
  EXPECT_THAT(refusal(std::string("1\0 * * * *", 10)), testing::HasSubstr("minute: expected "));
}

TEST(CronExpression, RefusesDaysThatNeverCome) {
  EXPECT_EQ(refusal("0 0 30 2 *"),
            "cron expression \"0 0 30 2 *\": day of month: expected a day that one of its months has, found "
            "\"30\" in month \"2\"");
  EXPECT_THAT(refusal("0 0 31 4,6,9,11 *"), testing::HasSubstr("day of month: expected a day"));
  EXPECT_THAT(refusal("0 0 31 4 */2"), testing::HasSubstr("day of month: expected a day"));
  EXPECT_EQ(refusal("0 0 29 2 *"), "accepted");
  EXPECT_EQ(refusal("0 0 L 2 *"), "accepted");
  EXPECT_EQ(refusal("0 0 31 4,5 *"), "accepted");
  EXPECT_EQ(refusal("0 0 30 2 mon"), "accepted");  // on Mondays
}

}  // namespace
}  // namespace deskd
