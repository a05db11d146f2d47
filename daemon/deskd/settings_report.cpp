// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/settings_report.h"

#include <utility>

namespace deskd {
namespace {

std::string placeOf(const std::string& file, unsigned line, unsigned column) {
  return line == 0 ? file : file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace

void SettingsReport::beginFile(std::string path) {
  file_ = std::move(path);
  ++files_;
}

void SettingsReport::set(const std::string& key, unsigned line, unsigned column) {
  keys_[key] = {files_, placeOf(file_, line, column)};
}

void SettingsReport::mistake(unsigned line, unsigned column, const std::string& key,
                             const std::string& text) {
  wrong_.insert(key);
  mistakes_.push_back(placeOf(file_, line, column) + ": " + key + ": " + text);
}

void SettingsReport::mistake(const std::string& key, const std::string& text) {
  wrong_.insert(key);
  mistakes_.push_back(place(key) + ": " + key + ": " + text);
}

void SettingsReport::addMistakes(const std::vector<std::string>& complete) {
  mistakes_.insert(mistakes_.end(), complete.begin(), complete.end());
}

std::string SettingsReport::place(const std::string& key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? file_ : found->second.place;
}

bool SettingsReport::isWrong(const std::string& table) const {
  if (wrong_.contains(table)) return true;
  const auto first = wrong_.lower_bound(table + ".");
  return first != wrong_.end() && first->starts_with(table + ".");
}

std::string SettingsReport::latestOf(std::initializer_list<std::string> keys) const {
  std::string latest;
  unsigned file = 0;
  for (const std::string& key : keys) {
    const auto found = keys_.find(key);
    if (found == keys_.end() || (!latest.empty() && found->second.file <= file)) continue;
    latest = key;
    file = found->second.file;
  }
  return latest;
}

std::map<std::string, std::string> SettingsReport::places() const {
  std::map<std::string, std::string> all;
  for (const auto& [name, key] : keys_)
    all[name] = key.place;
  return all;
}

}  // namespace deskd
