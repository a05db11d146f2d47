// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/plant_options.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace deskd {
void PlantOptions::requireKnown(std::initializer_list<std::string_view> keys) const {
  for (const auto& [key, value] : values_) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    std::string known;
    for (const std::string_view name : keys)
      known.append(known.empty() ? "" : ", ").append(name);
    throw std::invalid_argument("options: expected " + (known.empty() ? "none" : "some of " + known) +
                                ", found " + key);
  }
}

std::string PlantOptions::text(const std::string& key, const std::string& fallback) const {
  const auto found = values_.find(key);
  return found == values_.end() ? fallback : found->second;
}

std::string PlantOptions::requiredText(const std::string& key) const {
  if (!has(key)) throw std::invalid_argument(key + ": expected a value, found none");
  return values_.at(key);
}

double PlantOptions::number(const std::string& key, double fallback, double least, double most) const {
  return has(key) ? plantNumber(key, values_.at(key), least, most) : fallback;
}

bool PlantOptions::flag(const std::string& key, bool fallback) const {
  return has(key) ? plantFlag(key, values_.at(key)) : fallback;
}

std::string plantText(double number) {
  char text[400];  // of the largest double
  const auto [end, error] = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
  return error == std::errc() ? std::string(text, end) : "nan";
}

double plantNumber(const std::string& name, const std::string& value, double least, double most) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && number >= least && number <= most)
    return number;
  throw std::invalid_argument(name + ": expected a number from " + plantText(least) + " to " +
                              plantText(most) + ", found " + value);
}

bool plantFlag(const std::string& name, const std::string& value) {
  if (value != "0" && value != "1") throw std::invalid_argument(name + ": expected 0 or 1, found " + value);
  return value == "1";
}

}  // namespace deskd
