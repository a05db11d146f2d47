// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_storage.h"

#include <algorithm>
#include <utility>

#include "hal/base/log.h"

namespace deskd {
namespace {

constexpr const char* sharedStore = "shared";
constexpr const char* ownStores = "scripts/";

void append(std::vector<StorageEntry>& entries, wire::Fields&& fields, std::vector<std::string>&& absent) {
  for (auto& [key, json] : fields)
    entries.push_back({std::move(key), std::move(json)});
  for (std::string& key : absent)
    entries.push_back({std::move(key), std::nullopt});
}

void reportDamage(const std::string& store, const std::string& what) {
  LogRecord record{Priority::error, "storage: " + what, {}};
  if (store.starts_with(ownStores))
    record.fields.emplace_back("SCRIPT", store.substr(std::string(ownStores).size()));
  log(std::move(record));
}

}  // namespace

ScriptStorage::ScriptStorage(Loop& loop, const std::string& directory, Answer answer)
    : answer_(std::move(answer)), storage_(loop, directory, reportDamage) {}

void ScriptStorage::begin(std::uint64_t process, const std::string& script, std::size_t quotaBytes) {
  processes_[process] = {script, quotaBytes};
}

void ScriptStorage::end(std::uint64_t process) {
  const auto found = processes_.find(process);
  if (found == processes_.end()) return;
  const std::string script = found->second.script;
  processes_.erase(found);
  storage_.dropOwner(process);
  const bool used = std::any_of(processes_.begin(), processes_.end(),
                                [&](const auto& item) { return item.second.script == script; });
  if (!used) storage_.close(ownStores + script);
}

void ScriptStorage::receive(std::uint64_t process, wire::StorageGet&& get) {
  StorageRequest request;
  request.kind = StorageRequest::Kind::get;
  request.key = std::move(get.key);
  ask(process, get.request, get.shared, std::move(request));
}

void ScriptStorage::receive(std::uint64_t process, wire::StorageKeys&& keys) {
  StorageRequest request;
  request.kind = StorageRequest::Kind::keys;
  request.key = std::move(keys.prefix);
  request.after = std::move(keys.after);
  ask(process, keys.request, keys.shared, std::move(request));
}

void ScriptStorage::receive(std::uint64_t process, wire::StorageApply&& apply) {
  StorageRequest request;
  request.kind = StorageRequest::Kind::apply;
  append(request.batch.expected, std::move(apply.expected), std::move(apply.expectedAbsent));
  append(request.batch.changes, std::move(apply.set), std::move(apply.removed));
  ask(process, apply.request, apply.shared, std::move(request));
}

void ScriptStorage::receive(std::uint64_t process, const wire::StorageFlush& flush) {
  StorageRequest request;
  request.kind = StorageRequest::Kind::flush;
  ask(process, flush.request, flush.shared, std::move(request));
}

void ScriptStorage::ask(std::uint64_t process, std::uint32_t number, bool shared, StorageRequest request) {
  const auto found = processes_.find(process);
  if (found == processes_.end()) return;
  request.store = shared ? sharedStore : ownStores + found->second.script;
  request.quotaBytes = shared ? sharedQuotaBytes : found->second.quotaBytes;
  storage_.request(process, std::move(request), [this, process, number](StorageAnswer answer) {
    answer_(process, {number, std::move(answer.code), std::move(answer.message), std::move(answer.values),
                      answer.more});
  });
}

}  // namespace deskd
