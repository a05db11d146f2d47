// SPDX-License-Identifier: Apache-2.0
#include "bindings/memory_storage.h"

#include <utility>

namespace deskd {

MemoryStorage::MemoryStorage(Loop& loop)
    : later_(loop, [this] {
        for (const auto& answer : std::exchange(answers_, {}))
          answer();
      }) {}

void MemoryStorage::answerLater(Answered answered, Answer answer) {
  answers_.emplace_back([answered = std::move(answered), answer = std::move(answer)] { answered(answer); });
  later_.start(Milliseconds(0));
}

void MemoryStorage::get(bool shared, std::string key, Answered answered) {
  const Entries& entries = shared ? shared_ : own_;
  Answer answer;
  if (const auto found = entries.find(key); found != entries.end()) answer.values.push_back(found->second);
  answerLater(std::move(answered), std::move(answer));
}

void MemoryStorage::keys(bool shared, std::string prefix, std::string after, Answered answered) {
  const Entries& entries = shared ? shared_ : own_;
  Answer answer;
  for (auto at = entries.lower_bound(prefix); at != entries.end() && at->first.starts_with(prefix); ++at)
    if (at->first > after) answer.values.push_back(at->first);
  answerLater(std::move(answered), std::move(answer));
}

void MemoryStorage::apply(bool shared, StorageChanges changes, Answered answered) {
  answerLater(std::move(answered), change(shared ? shared_ : own_, std::move(changes)));
}

StoragePort::Answer MemoryStorage::change(Entries& entries, StorageChanges&& changes) {
  Answer answer;
  const auto conflict = [&](const std::string& key) {
    answer.outcome = {"ERR_CONFLICT", "\"" + key + "\" was changed meanwhile"};
    return answer;
  };
  for (const auto& [key, json] : changes.expected) {
    const auto found = entries.find(key);
    if (found == entries.end() || found->second != json) return conflict(key);
  }
  for (const std::string& key : changes.expectedAbsent)
    if (entries.contains(key)) return conflict(key);
  for (auto& [key, json] : changes.set)
    entries[key] = std::move(json);
  for (std::string& key : changes.removed)
    if (entries.erase(key) != 0) answer.values.push_back(std::move(key));
  return answer;
}

void MemoryStorage::flush(bool, Answered answered) {
  answerLater(std::move(answered), {});
}

}  // namespace deskd
