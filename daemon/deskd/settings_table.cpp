// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/settings_table.h"

#include <algorithm>

#include "hal/base/nearest.h"

namespace deskd {

SettingsTable::SettingsTable(std::string name, const SettingsNode& table, SettingsReport& report)
    : name_(std::move(name)), table_(table), report_(report) {}

std::string SettingsTable::fullName(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

const SettingsNode* SettingsTable::take(std::string_view key) {
  known_.emplace_back(key);
  suggested_.emplace_back(key);
  for (const SettingsNode::Member& member : table_.members) {
    if (member.key != key) continue;
    report_.set(fullName(key), member.line, member.column);
    return &member.value;
  }
  return nullptr;
}

void SettingsTable::wrong(std::string_view key, const SettingsNode& node, const std::string& expected) {
  mistake(key, "expected " + expected + ", found " + node.describe());
}

void SettingsTable::mistake(std::string_view key, const std::string& text) {
  for (const SettingsNode::Member& member : table_.members) {
    if (member.key == key) return report_.mistake(member.line, member.column, fullName(key), text);
  }
  report_.mistake(0, 0, fullName(key), text);
}

void SettingsTable::text(std::string_view key, std::string& into) {
  text(key, into, [](const std::string&) { return std::string(); });
}

void SettingsTable::text(std::string_view key, std::string& into,
                         const std::function<std::string(const std::string&)>& check) {
  const SettingsNode* node = take(key);
  if (node == nullptr) return;
  if (node->kind != SettingsNode::Kind::text) return wrong(key, *node, "a text in quotes");
  const std::string expected = check(node->text);
  if (!expected.empty()) return wrong(key, *node, expected);
  into = node->text;
}

void SettingsTable::number(std::string_view key, unsigned& into, std::int64_t least, std::int64_t most) {
  const SettingsNode* node = take(key);
  if (node == nullptr) return;
  const bool right =
      node->kind == SettingsNode::Kind::integer && node->integer >= least && node->integer <= most;
  if (!right) {
    return wrong(key, *node, "a whole number of " + std::to_string(least) + " to " + std::to_string(most));
  }
  into = static_cast<unsigned>(node->integer);
}

void SettingsTable::boolean(std::string_view key, bool& into) {
  const SettingsNode* node = take(key);
  if (node == nullptr) return;
  if (node->kind != SettingsNode::Kind::boolean) return wrong(key, *node, "true or false");
  into = node->boolean;
}

void SettingsTable::texts(std::string_view key, std::vector<std::string>& into,
                          const std::function<std::string(const std::string&)>& check) {
  const SettingsNode* node = take(key);
  if (node == nullptr) return;
  if (node->kind != SettingsNode::Kind::array) return wrong(key, *node, "an array of texts");
  std::vector<std::string> found;
  for (const SettingsNode& item : node->items) {
    if (item.kind != SettingsNode::Kind::text) return wrong(key, item, "texts in quotes");
    const std::string expected = check(item.text);
    if (!expected.empty()) return wrong(key, item, expected);
    found.push_back(item.text);
  }
  into = std::move(found);
}

void SettingsTable::forbidden(std::string_view key, const std::string& why) {
  if (take(key) != nullptr) mistake(key, why);
  suggested_.pop_back();
}

void SettingsTable::table(std::string_view key, const std::function<void(SettingsTable&)>& read) {
  const SettingsNode* node = take(key);
  if (node == nullptr) return;
  if (node->kind != SettingsNode::Kind::table) return wrong(key, *node, "a table, [" + fullName(key) + "]");
  SettingsTable inner(fullName(key), *node, report_);
  read(inner);
  inner.finish();
}

void SettingsTable::finish() {
  for (const SettingsNode::Member& member : table_.members) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    const std::string meant = nearest(member.key, suggested_);
    mistake(member.key,
            meant.empty() ? "is no setting" : "is no setting; did you mean " + fullName(meant) + "?");
  }
}

std::string SettingsTable::expectOneOf(const std::vector<std::string>& names, const std::string& found) {
  std::string list;
  for (const std::string& name : names) {
    if (name == found) return "";
    list += (list.empty() ? "\"" : ", \"") + name + "\"";
  }
  return names.size() == 1 ? list : "one of " + list;
}

}  // namespace deskd
