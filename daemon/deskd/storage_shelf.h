// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/deskd/storage_file.h"

namespace deskd {

struct StorageRequest {
  enum class Kind { get, keys, apply, flush, close };
  Kind kind = Kind::get;
  std::uint64_t ticket = 0;  // 0: nobody waits for an answer
  std::string store;         // its file is called so
  std::size_t quotaBytes = 0;
  std::string key;    // of get; what keys begin with
  std::string after;  // which key the next ones follow
  StorageBatch batch;
};

struct StorageAnswer {
  std::uint64_t ticket = 0;
  std::string code;  // empty: it went well
  std::string message;
  std::vector<std::string> values;  // of get: none or one; of keys; of apply: the keys that are gone
  bool more = false;                // of keys
};

// All stores of a directory, for one thread. A change is answered once it is on the disk. Those of one store
// that come together are written together, and when changes go on and on, only once a second: SD cards wear.
class StorageShelf {
 public:
  using Clock = std::chrono::steady_clock;
  struct Handlers {
    std::function<void(StorageAnswer)> answer;
    // A file was damaged and stands aside now.
    std::function<void(const std::string& store, const std::string& what)> damaged;
  };
  // So many commits may follow each other without a pause, and then one a second.
  static constexpr double burst = 20;
  static constexpr std::size_t mostKeys = 256;
  static constexpr std::size_t mostKeyBytes = 128 * 1024;  // of one answer

  StorageShelf(std::string directory, Handlers handlers);

  void handle(const StorageRequest& request, Clock::time_point now);
  // Commits what may be committed now; returns when the next is due.
  std::optional<Clock::time_point> settle(Clock::time_point now);
  // Everything, now.
  void commitAll();

 private:
  struct Store {
    std::optional<StorageFile> file;
    std::vector<StorageAnswer> waiting;  // for the disk
    bool flush = false;
    double credit = burst;
    std::optional<Clock::time_point> counted;  // when credit was brought up to date
  };

  StorageFile& fileOf(Store& store, const StorageRequest& request);
  void work(Store& store, const StorageRequest& request, StorageAnswer& answer);
  void commit(Store& store, const std::string& name);
  void failAll(Store& store, const CodedError& error);
  void setAside(Store& store, const std::string& name, const std::string& what);
  std::string pathOf(const std::string& store) const { return directory_ + "/" + store + ".db"; }

  const std::string directory_;
  const Handlers handlers_;
  std::map<std::string, Store> stores_;
};

}  // namespace deskd
