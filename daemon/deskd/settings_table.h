// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/deskd/settings_file.h"
#include "daemon/deskd/settings_report.h"

namespace deskd {

// Reads one table of a settings file key by key into variables, collecting mistakes instead of stopping at
// the first. A key of the file that nobody asked for is a mistake too: finish() reports it, with the nearest
// one that exists.
class SettingsTable {
 public:
  // `name` is the table's dotted name, "" for the root. Its file is the one that the report has begun. The
  // arguments must outlive this.
  SettingsTable(std::string name, const SettingsNode& table, SettingsReport& report);

  // Each leaves its variable alone unless the key is there and right.
  void text(std::string_view key, std::string& into);
  // `check` returns what is expected instead, or "" if the text is right.
  void text(std::string_view key, std::string& into,
            const std::function<std::string(const std::string&)>& check);
  void number(std::string_view key, unsigned& into, std::int64_t least, std::int64_t most);
  void boolean(std::string_view key, bool& into);
  // An array of texts, each checked as text() does.
  void texts(std::string_view key, std::vector<std::string>& into,
             const std::function<std::string(const std::string&)>& check);
  // A key that must not be there, and why.
  void forbidden(std::string_view key, const std::string& why);
  // Hands a table of this name on, if there is one.
  void table(std::string_view key, const std::function<void(SettingsTable&)>& read);

  template <class Enum>
  void choice(std::string_view key, Enum& into, const std::vector<std::pair<std::string, Enum>>& choices) {
    std::vector<std::string> names;
    names.reserve(choices.size());
    for (const auto& [name, value] : choices)
      names.push_back(name);
    std::string chosen;
    text(key, chosen, [&](const std::string& found) { return expectOneOf(names, found); });
    for (const auto& [name, value] : choices) {
      if (name == chosen) into = value;
    }
  }

  // Reports keys that were not asked for.
  void finish();

  // Adds a mistake about a key: at its place if it is in this file.
  void mistake(std::string_view key, const std::string& text);

 private:
  const SettingsNode* take(std::string_view key);
  std::string fullName(std::string_view key) const;
  void wrong(std::string_view key, const SettingsNode& node, const std::string& expected);
  static std::string expectOneOf(const std::vector<std::string>& names, const std::string& found);

  const std::string name_;
  const SettingsNode& table_;
  SettingsReport& report_;
  std::vector<std::string> known_;      // asked for
  std::vector<std::string> suggested_;  // of those, what may be there
};

}  // namespace deskd
