// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace deskd {

// A TOML value with its place in the file, so that whoever reads it can say where a mistake is. toml++ stays
// behind parseSettingsFile().
struct SettingsNode {
  enum class Kind { table, array, text, integer, real, boolean, time };
  struct Member;

  Kind kind = Kind::table;
  std::string text;  // of a text; of a time its ISO 8601 form
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<SettingsNode> items;  // of an array
  std::vector<Member> members;      // of a table, in name order
  unsigned line = 0;
  unsigned column = 0;

  // For messages: `integer 5`, `text "abc"`, `a table`.
  std::string describe() const;
};

struct SettingsNode::Member {
  std::string key;
  unsigned line = 0;
  unsigned column = 0;
  SettingsNode value;
};

// The file as a table, or nothing if there is no such file. Throws SettingsError for one that cannot be read
// or is not TOML.
std::optional<SettingsNode> parseSettingsFile(const std::string& path);

// A table as a JSON object, leaving out the members named. Throws SettingsError, naming `path` and the place,
// for what JSON cannot say (inf, nan).
std::string settingsToJson(const std::string& path, const SettingsNode& table,
                           const std::vector<std::string>& leaveOut);

}  // namespace deskd
