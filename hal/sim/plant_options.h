// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace deskd {

// How a plant is to be: key=value, as `sim plant add KIND key=value...` gives them. All throw
// std::invalid_argument that says what was expected and what was found.
class PlantOptions {
 public:
  PlantOptions() = default;
  explicit PlantOptions(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  // Refuses keys that are none of these.
  void requireKnown(std::initializer_list<std::string_view> keys) const;

  bool has(const std::string& key) const { return values_.contains(key); }
  std::string text(const std::string& key, const std::string& fallback) const;
  std::string requiredText(const std::string& key) const;
  double number(const std::string& key, double fallback, double least, double most) const;
  bool flag(const std::string& key, bool fallback) const;  // 0 or 1

 private:
  std::map<std::string, std::string> values_;
};

// For SimPlant::get(): "686" or "72.5".
std::string plantText(double number);
// For SimPlant::set().
double plantNumber(const std::string& name, const std::string& value, double least, double most);
bool plantFlag(const std::string& name, const std::string& value);

}  // namespace deskd
