// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_ledger.h"

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "hal/base/file.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

constexpr std::size_t mostBytes = 4 * 1024 * 1024;
constexpr const char* neverEnded = "deskd or the machine ended while it was starting";

}  // namespace

ScriptLedger::ScriptLedger(std::string path, std::function<std::int64_t()> now)
    : path_(std::move(path)), now_(std::move(now)) {
  if (path_.empty()) return;
  try {
    read();
  } catch (const std::system_error& error) {
    if (error.code().value() != ENOENT)
      log(Priority::warning, std::string(error.what()) + ", beginning a new one");
  } catch (const nlohmann::json::exception& error) {
    entries_.clear();
    log(Priority::warning,
        path_ + ": expected what deskd has written, found something else, beginning a new one (" +
            error.what() + ")");
  }
}

void ScriptLedger::read() {
  const auto file = nlohmann::json::parse(readFile(path_, mostBytes));
  for (const auto& [script, said] : file.at("scripts").items()) {
    Entry entry;
    said.at("failures").get_to(entry.failures);
    entry.disabled = said.at("disabled").get<bool>();
    if (said.contains("quarantine")) entry.quarantine = said.at("quarantine").get<std::string>();
    if (said.at("attempt").get<bool>()) addFailure(entry, neverEnded);
    entries_[script] = std::move(entry);
  }
}

void ScriptLedger::begin(const std::vector<std::string>& scripts) {
  bool changed = false;
  for (const std::string& script : scripts)
    changed = !std::exchange(entries_[script].attempt, true) || changed;
  if (changed) write();
}

bool ScriptLedger::failed(const std::string& script, const std::string& reason) {
  Entry& entry = entries_[script];
  entry.attempt = false;
  const bool tooOften = addFailure(entry, reason);
  write();
  return tooOften;
}

bool ScriptLedger::addFailure(Entry& entry, const std::string& reason) {
  dropOld(entry);
  entry.failures.push_back(now_());
  if (entry.failures.size() < mostFailures) return false;
  entry.quarantine = reason;
  entry.failures.clear();
  return true;
}

// A clock that was set back makes old ones look like future ones: those stay.
void ScriptLedger::dropOld(Entry& entry) const {
  std::erase_if(entry.failures, [now = now_()](std::int64_t when) { return when <= now - windowSeconds; });
}

void ScriptLedger::endedWell(const std::string& script) {
  const auto found = entries_.find(script);
  if (found == entries_.end() || !std::exchange(found->second.attempt, false)) return;
  write();
}

std::optional<std::string> ScriptLedger::quarantine(const std::string& script) const {
  const auto found = entries_.find(script);
  return found == entries_.end() ? std::nullopt : found->second.quarantine;
}

void ScriptLedger::release(const std::string& script) {
  const auto found = entries_.find(script);
  if (found == entries_.end() || (!found->second.quarantine && found->second.failures.empty())) return;
  found->second.quarantine.reset();
  found->second.failures.clear();
  write();
}

bool ScriptLedger::disabled(const std::string& script) const {
  const auto found = entries_.find(script);
  return found != entries_.end() && found->second.disabled;
}

void ScriptLedger::setDisabled(const std::string& script, bool disabled) {
  if (std::exchange(entries_[script].disabled, disabled) != disabled) write();
}

void ScriptLedger::forget(const std::string& script) {
  if (entries_.erase(script) != 0) write();
}

void ScriptLedger::write() {
  if (path_.empty()) return;
  nlohmann::json scripts = nlohmann::json::object();
  for (auto& [script, entry] : entries_) {
    dropOld(entry);
    if (!entry.attempt && entry.failures.empty() && !entry.quarantine && !entry.disabled) continue;
    nlohmann::json& said = scripts[script];
    said = {{"failures", entry.failures}, {"attempt", entry.attempt}, {"disabled", entry.disabled}};
    if (entry.quarantine) said["quarantine"] = *entry.quarantine;
  }
  try {
    const nlohmann::json file{{"scripts", std::move(scripts)}};
    replaceFile(path_, file.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
    writeFailed_ = false;
  } catch (const std::system_error& error) {
    if (!std::exchange(writeFailed_, true))
      log(Priority::error, std::string(error.what()) + ": attempts to start scripts are not remembered");
  }
}

}  // namespace deskd
