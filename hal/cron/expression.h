// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <chrono>
#include <string_view>

namespace deskd {

// Which wall-clock times a cron expression matches.
struct CronExpression {
  std::bitset<60> seconds;
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;     // 1 to 31
  std::bitset<13> months;   // 1 to 12
  std::bitset<7> weekdays;  // 0 is Sunday
  bool lastDay = false;     // of the month
  // The field begins with "*". If neither does, one that matches is enough for a day.
  bool anyDay = false;
  bool anyWeekday = false;
  // Seconds, minutes or hours begin with "*" or name all there are: it runs every so often, rather than at
  // times of the day.
  bool interval = false;

  bool matchesDay(std::chrono::year_month_day date) const;
};

// Reads "minute hour day month weekday", the same with seconds before it, or "@daily" and the like. Throws
// std::invalid_argument naming the field, what was expected and what was found.
CronExpression parseCronExpression(std::string_view text);

}  // namespace deskd
