// SPDX-License-Identifier: Apache-2.0
#include "hal/cron/occurrence.h"

#include <algorithm>
#include <chrono>

namespace deskd {
namespace {

using Seconds = std::int64_t;  // of the wall clock, or of Unix time: each says which

constexpr Seconds daySeconds = 86400;
// Longer than between two 29 February that are a Monday, around a year 2100 that has none.
constexpr Seconds horizon = 60 * 366 * daySeconds;

Seconds floorDivide(Seconds value, Seconds by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// The first second of the day, from `from` on, that the expression matches.
std::optional<Seconds> nextInDay(const CronExpression& expression, Seconds from) {
  const auto fromHour = static_cast<unsigned>(from / 3600);
  const auto fromMinute = static_cast<unsigned>(from / 60 % 60);
  const auto fromSecond = static_cast<unsigned>(from % 60);
  for (unsigned hour = fromHour; hour < 24; ++hour) {
    if (!expression.hours[hour]) continue;
    const bool sameHour = hour == fromHour;
    for (unsigned minute = sameHour ? fromMinute : 0; minute < 60; ++minute) {
      if (!expression.minutes[minute]) continue;
      for (unsigned second = sameHour && minute == fromMinute ? fromSecond : 0; second < 60; ++second)
        if (expression.seconds[second]) return (hour * 60 + minute) * 60 + second;
    }
  }
  return std::nullopt;
}

// The first wall-clock time in [from, end) that the expression matches.
std::optional<Seconds> nextWall(const CronExpression& expression, Seconds from, Seconds end) {
  using std::chrono::days;
  using std::chrono::sys_days;
  Seconds day = floorDivide(from, daySeconds);
  Seconds second = from - day * daySeconds;
  while (day * daySeconds < end) {
    const std::chrono::year_month_day date{sys_days(days(day))};
    if (!expression.months[static_cast<unsigned>(date.month())]) {
      const auto nextMonth = (date.year() / date.month() + std::chrono::months(1)) / 1;
      day = sys_days(nextMonth).time_since_epoch().count();
    } else {
      const auto found =
          expression.matchesDay(date) ? nextInDay(expression, second) : std::optional<Seconds>();
      if (found) {
        const Seconds wall = day * daySeconds + *found;
        return wall < end ? std::optional(wall) : std::nullopt;
      }
      ++day;
    }
    second = 0;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> nextOccurrence(const CronExpression& expression, const TimeZone& zone,
                                           GapPolicy policy, std::int64_t afterMs) {
  const Seconds start = floorDivide(afterMs, 1000) + 1;
  const Seconds limit = start + horizon;
  TimeZone::Span span = zone.spanAt(start);
  TimeZone::Span before = zone.spanAt(span.begin - 1);
  for (;;) {
    const Seconds wallBefore = span.begin + before.offset;  // what the clock would have shown
    const Seconds wallBegin = span.begin + span.offset;
    if (!expression.interval && policy == GapPolicy::once && span.begin >= start && wallBefore < wallBegin &&
        nextWall(expression, wallBefore, wallBegin))
      return span.begin * 1000;
    Seconds from = std::max(start, span.begin) + span.offset;
    if (!expression.interval) from = std::max(from, wallBefore);  // up to there it has been that time before
    const Seconds end = std::min(span.end, limit);
    if (const auto wall = nextWall(expression, from, end + span.offset)) return (*wall - span.offset) * 1000;
    if (end >= limit) return std::nullopt;
    before = span;
    span = zone.spanAt(span.end);
  }
}

}  // namespace deskd
