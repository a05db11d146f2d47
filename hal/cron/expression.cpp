// SPDX-License-Identifier: Apache-2.0
#include "hal/cron/expression.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace deskd {
namespace {

constexpr std::size_t longestText = 256;

constexpr std::array<std::string_view, 12> monthNames{"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekdayNames{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldKind {
  std::string_view name;
  unsigned least;
  unsigned most;
  std::span<const std::string_view> names;  // of least, least + 1, ...
  bool hasLast = false;                     // "L"
};

constexpr FieldKind secondKind{"second", 0, 59, {}};
constexpr FieldKind minuteKind{"minute", 0, 59, {}};
constexpr FieldKind hourKind{"hour", 0, 23, {}};
constexpr FieldKind dayKind{"day of month", 1, 31, {}, true};
constexpr FieldKind monthKind{"month", 1, 12, monthNames};
constexpr FieldKind weekdayKind{"day of week", 0, 7, weekdayNames};  // 0 and 7 are Sunday

struct Alias {
  std::string_view name;
  std::string_view fields;
};
constexpr std::array aliases{
    Alias{"@yearly", "0 0 1 1 *"}, Alias{"@annually", "0 0 1 1 *"}, Alias{"@monthly", "0 0 1 * *"},
    Alias{"@weekly", "0 0 * * 0"}, Alias{"@daily", "0 0 * * *"},    Alias{"@midnight", "0 0 * * *"},
    Alias{"@hourly", "0 * * * *"},
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string quoted(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  return "\"" + result + "\"";
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators, bool keepEmpty) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0;;) {
    const std::size_t end = std::min(text.find_first_of(separators, start), text.size());
    if (keepEmpty || end > start) parts.push_back(text.substr(start, end - start));
    if (end == text.size()) return parts;
    start = end + 1;
  }
}

// One field: items with commas between them, each "*", "value", "value-value" or "L", with "/step" or
// without.
class FieldReader {
 public:
  FieldReader(const FieldKind& kind, std::string_view text, std::string_view whole)
      : kind_(kind), text_(text), whole_(whole) {}

  std::bitset<64> read() {
    for (const std::string_view item : split(text_, ",", true))
      readItem(item);
    return values_;
  }
  bool last() const { return last_; }

 private:
  void readItem(std::string_view item) {
    if (kind_.hasLast && lower(item) == "l") {
      last_ = true;
      return;
    }
    const std::size_t slash = item.find('/');
    const std::string_view range = item.substr(0, slash);
    const unsigned step = slash == std::string_view::npos ? 1 : readStep(item.substr(slash + 1));
    auto [from, to] = readRange(range);
    // From there to the end of the field.
    if (slash != std::string_view::npos && range != "*" && range.find('-') == std::string_view::npos)
      to = lastOfAll();
    for (unsigned value = from; value <= to; value += step)
      values_.set(value);
  }

  // "*" and what is meant to go on to the end know Sunday only once.
  unsigned lastOfAll() const { return &kind_ == &weekdayKind ? 6 : kind_.most; }

  std::pair<unsigned, unsigned> readRange(std::string_view range) const {
    if (range == "*") return {kind_.least, lastOfAll()};
    const std::size_t dash = range.find('-');
    const unsigned from = readValue(range.substr(0, dash));
    if (dash == std::string_view::npos) return {from, from};
    unsigned to = readValue(range.substr(dash + 1));
    // "sat-sun": a week may end with Sunday.
    if (&kind_ == &weekdayKind && to == 0 && from > 0) to = 7;
    if (to < from) fail("a range that rises", range);
    return {from, to};
  }

  unsigned readStep(std::string_view text) const {
    const unsigned most = lastOfAll() - kind_.least;
    const auto step = number(text);
    if (!step || *step < 1 || *step > most) fail("a step from 1 to " + std::to_string(most), text);
    return *step;
  }

  unsigned readValue(std::string_view text) const {
    const std::string word = lower(text);
    const auto found = std::find(kind_.names.begin(), kind_.names.end(), word);
    if (found != kind_.names.end())
      return kind_.least + static_cast<unsigned>(std::distance(kind_.names.begin(), found));
    const auto value = number(text);
    if (!value || *value < kind_.least || *value > kind_.most) fail(values(), text);
    return *value;
  }

  std::string values() const {
    std::string text = std::to_string(kind_.least) + " to " + std::to_string(kind_.most);
    if (!kind_.names.empty())
      text += " or " + std::string(kind_.names.front()) + " to " + std::string(kind_.names.back());
    if (kind_.hasLast) text += " or L";
    return text;
  }

  static std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }

  [[noreturn]] void fail(const std::string& expected, std::string_view found) const {
    throw std::invalid_argument("cron expression " + quoted(whole_) + ": " + std::string(kind_.name) +
                                ": expected " + expected + ", found " + quoted(found));
  }

  const FieldKind& kind_;
  const std::string_view text_;
  const std::string_view whole_;
  std::bitset<64> values_;
  bool last_ = false;
};

template <std::size_t N>
std::bitset<N> narrowed(const std::bitset<64>& values) {
  return std::bitset<N>(values.to_ullong());
}

std::string_view fieldsOf(std::string_view text) {
  const auto words = split(text, " \t", false);
  if (words.size() != 1 || !words.front().starts_with('@')) return text;
  const std::string name = lower(words.front());
  std::string known;
  for (const Alias& alias : aliases) {
    if (name == alias.name) return alias.fields;
    known += (known.empty() ? "" : ", ") + std::string(alias.name);
  }
  throw std::invalid_argument("cron expression: expected one of " + known + ", found " +
                              quoted(words.front()));
}

// Whether one of the months has one of the days; a 29 February counts.
bool hasDay(const CronExpression& expression) {
  constexpr std::array<unsigned, 13> lengths{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (unsigned month = 1; month <= 12; ++month) {
    if (!expression.months[month]) continue;
    if (expression.lastDay) return true;
    for (unsigned day = 1; day <= lengths.at(month); ++day)
      if (expression.days[day]) return true;
  }
  return false;
}

}  // namespace

bool CronExpression::matchesDay(std::chrono::year_month_day date) const {
  const bool dayFits = days[static_cast<unsigned>(date.day())] ||
                       (lastDay && date == date.year() / date.month() / std::chrono::last);
  const bool weekdayFits = weekdays[std::chrono::weekday(date).c_encoding()];
  return anyDay || anyWeekday ? dayFits && weekdayFits : dayFits || weekdayFits;
}

CronExpression parseCronExpression(std::string_view text) {
  if (text.size() > longestText)
    throw std::invalid_argument("cron expression: expected at most " + std::to_string(longestText) +
                                " characters, found " + std::to_string(text.size()));
  auto fields = split(fieldsOf(text), " \t", false);
  const bool hasSeconds = fields.size() == 6;
  if (fields.size() != 5 && !hasSeconds)
    throw std::invalid_argument("cron expression " + quoted(text) +
                                ": expected 5 fields (minute, hour, day of month, month, day of week) or 6 "
                                "(seconds before them), found " +
                                std::to_string(fields.size()));
  if (!hasSeconds) fields.insert(fields.begin(), "0");

  CronExpression result;
  result.seconds = narrowed<60>(FieldReader(secondKind, fields[0], text).read());
  result.minutes = narrowed<60>(FieldReader(minuteKind, fields[1], text).read());
  result.hours = narrowed<24>(FieldReader(hourKind, fields[2], text).read());
  FieldReader day(dayKind, fields[3], text);
  result.days = narrowed<32>(day.read());
  result.lastDay = day.last();
  result.months = narrowed<13>(FieldReader(monthKind, fields[4], text).read());
  std::bitset<64> weekdays = FieldReader(weekdayKind, fields[5], text).read();
  if (weekdays[7]) weekdays.set(0).reset(7);
  result.weekdays = narrowed<7>(weekdays);
  result.anyDay = fields[3].starts_with('*');
  result.anyWeekday = fields[5].starts_with('*');
  const bool anyTime = fields[0].starts_with('*') || fields[1].starts_with('*') || fields[2].starts_with('*');
  result.interval = anyTime || result.seconds.all() || result.minutes.all() || result.hours.all();
  // With a weekday that counts by itself there is always one.
  if ((result.anyDay || result.anyWeekday) && !hasDay(result))
    throw std::invalid_argument("cron expression " + quoted(text) +
                                ": day of month: expected a day that one of its months has, found " +
                                quoted(fields[3]) + " in month " + quoted(fields[4]));
  return result;
}

}  // namespace deskd
