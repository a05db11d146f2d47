// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/settings_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "daemon/deskd/settings.h"
#include "hal/base/file.h"

namespace deskd {
namespace {

SettingsNode convert(const toml::node& node);

SettingsNode convertTable(const toml::table& table) {
  SettingsNode result;
  for (const auto& [key, value] : table) {
    const toml::source_position at = key.source().begin;
    result.members.push_back({std::string(key.str()), at.line, at.column, convert(value)});
  }
  std::sort(result.members.begin(), result.members.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  return result;
}

template <class Time>
SettingsNode convertTime(const Time& time) {
  std::ostringstream text;
  text << time;
  SettingsNode result;
  result.kind = SettingsNode::Kind::time;
  result.text = text.str();
  return result;
}

SettingsNode convertValue(const toml::node& node) {
  SettingsNode result;
  if (const auto* table = node.as_table()) return convertTable(*table);
  if (const auto* array = node.as_array()) {
    result.kind = SettingsNode::Kind::array;
    for (const toml::node& item : *array)
      result.items.push_back(convert(item));
  } else if (const auto* text = node.as_string()) {
    result.kind = SettingsNode::Kind::text;
    result.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    result.kind = SettingsNode::Kind::integer;
    result.integer = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    result.kind = SettingsNode::Kind::real;
    result.real = real->get();
  } else if (const auto* boolean = node.as_boolean()) {
    result.kind = SettingsNode::Kind::boolean;
    result.boolean = boolean->get();
  } else if (const auto* date = node.as_date()) {
    return convertTime(date->get());
  } else if (const auto* time = node.as_time()) {
    return convertTime(time->get());
  } else if (const auto* dateTime = node.as_date_time()) {
    return convertTime(dateTime->get());
  }
  return result;
}

SettingsNode convert(const toml::node& node) {
  SettingsNode result = convertValue(node);
  result.line = node.source().begin.line;
  result.column = node.source().begin.column;
  return result;
}

std::string place(const std::string& path, unsigned line, unsigned column) {
  return path + ":" + std::to_string(line) + ":" + std::to_string(column) + ": ";
}

nlohmann::json toJson(const std::string& path, const std::string& name, const SettingsNode& node) {
  switch (node.kind) {
    case SettingsNode::Kind::table: {
      nlohmann::json object = nlohmann::json::object();
      for (const SettingsNode::Member& member : node.members) {
        object[member.key] = toJson(path, name.empty() ? member.key : name + "." + member.key, member.value);
      }
      return object;
    }
    case SettingsNode::Kind::array: {
      nlohmann::json array = nlohmann::json::array();
      for (const SettingsNode& item : node.items)
        array.push_back(toJson(path, name, item));
      return array;
    }
    case SettingsNode::Kind::integer:
      return node.integer;
    case SettingsNode::Kind::real:
      if (!std::isfinite(node.real)) {
        throw SettingsError({place(path, node.line, node.column) + name +
                             ": expected a finite number, found " + node.describe()});
      }
      return node.real;
    case SettingsNode::Kind::boolean:
      return node.boolean;
    case SettingsNode::Kind::text:
    case SettingsNode::Kind::time:
      return node.text;
  }
  return nullptr;
}

}  // namespace

std::string SettingsNode::describe() const {
  switch (kind) {
    case Kind::table:
      return "a table";
    case Kind::array:
      return "an array";
    case Kind::text: {
      constexpr std::size_t shown = 60;
      return "\"" + (text.size() > shown ? text.substr(0, shown) + "..." : text) + "\"";
    }
    case Kind::integer:
      return "the number " + std::to_string(integer);
    case Kind::real: {
      std::ostringstream number;
      number << real;
      return "the number " + number.str();
    }
    case Kind::boolean:
      return boolean ? "true" : "false";
    case Kind::time:
      return "the time " + text;
  }
  return "something else";
}

std::optional<SettingsNode> parseSettingsFile(const std::string& path) {
  constexpr std::size_t mostBytes = 1024 * 1024;
  std::string content;
  try {
    content = readFile(path, mostBytes);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::no_such_file_or_directory) return std::nullopt;
    throw SettingsError({path + ": cannot be read: " + error.code().message()});
  }
  try {
    return convertTable(toml::parse(content, path));
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    throw SettingsError({place(path, at.line, at.column) + std::string(error.description())});
  }
}

std::string settingsToJson(const std::string& path, const SettingsNode& table,
                           const std::vector<std::string>& leaveOut) {
  SettingsNode kept = table;
  std::erase_if(kept.members, [&](const SettingsNode::Member& member) {
    return std::find(leaveOut.begin(), leaveOut.end(), member.key) != leaveOut.end();
  });
  return toJson(path, "", kept).dump();
}

}  // namespace deskd
