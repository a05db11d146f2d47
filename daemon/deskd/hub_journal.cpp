// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub_journal.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "hal/base/file.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

constexpr std::size_t mostBytes = 8 * 1024 * 1024;

}  // namespace

HubJournal::HubJournal(const std::string& directory)
    : path_(directory.empty() ? "" : directory + "/published.json") {
  if (!path_.empty()) load();
}

void HubJournal::load() {
  try {
    const nlohmann::json file = nlohmann::json::parse(readFile(path_, mostBytes));
    topics_ = file.at("topics").get<std::map<std::string, Components>>();
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::no_such_file_or_directory) return;
    log(Priority::warning, path_ + " cannot be read: " + error.code().message() + ", ignoring");
  } catch (const nlohmann::json::exception&) {
    std::rename(path_.c_str(), (path_ + ".damaged").c_str());
    log(Priority::warning, path_ + " is damaged; it is set aside as published.json.damaged");
  }
}

void HubJournal::add(const std::string& topic, Components components) {
  const auto [entry, isNew] = topics_.try_emplace(topic);
  if (!isNew && entry->second == components) return;
  entry->second = std::move(components);
  changed_ = true;
}

void HubJournal::remove(const std::string& topic) {
  if (topics_.erase(topic) > 0) changed_ = true;
}

void HubJournal::flush() {
  if (!changed_ || path_.empty()) return;
  changed_ = false;
  try {
    replaceFile(path_, nlohmann::json{{"version", 1}, {"topics", topics_}}.dump(1) + "\n");
  } catch (const std::system_error& error) {
    if (std::exchange(complained_, true)) return;
    log(Priority::warning, path_ + " cannot be written: " + error.code().message() +
                               "; what is removed while deskd is away will have to be cleared by hand");
  }
}

}  // namespace deskd
