// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "daemon/deskd/storage.h"
#include "daemon/wire/messages.h"

namespace deskd {

// What scripts' processes ask of their stores: each script has one of its own, and all have one together.
class ScriptStorage {
 public:
  using Answer = std::function<void(std::uint64_t process, const wire::StorageAnswer&)>;
  static constexpr std::size_t sharedQuotaBytes = 4 * 1024 * 1024;

  // `directory`: where the stores are; empty: nowhere.
  ScriptStorage(Loop& loop, const std::string& directory, Answer answer);

  // From now on this process may ask. `quotaBytes`: of the script's own store.
  void begin(std::uint64_t process, const std::string& script, std::size_t quotaBytes);
  // What it asked for is written down; nobody is answered.
  void end(std::uint64_t process);

  void receive(std::uint64_t process, wire::StorageGet&& get);
  void receive(std::uint64_t process, wire::StorageKeys&& keys);
  void receive(std::uint64_t process, wire::StorageApply&& apply);
  void receive(std::uint64_t process, const wire::StorageFlush& flush);

 private:
  struct Process {
    std::string script;
    std::size_t quotaBytes = 0;
  };

  void ask(std::uint64_t process, std::uint32_t number, bool shared, StorageRequest request);

  std::map<std::uint64_t, Process> processes_;
  const Answer answer_;
  Storage storage_;
};

}  // namespace deskd
