// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hal/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace deskd {

// The file is no database, or a broken one.
class StorageDamaged : public CodedError {
 public:
  explicit StorageDamaged(const std::string& message) : CodedError("ERR_STORAGE_DAMAGED", message) {}
};

// A key, and its value as JSON text; nothing: no such key.
struct StorageEntry {
  std::string key;
  std::optional<std::string> json;
};

// Carried out as a whole or not at all.
struct StorageBatch {
  std::vector<StorageEntry> expected;  // as they have to be before, else ERR_CONFLICT
  std::vector<StorageEntry> changes;
};

// One SQLite file of keys and values, for one user at a time. What apply() did can be read at once, and is on
// the disk when commit() returns: until then a failure of any kind leaves the file as it was at the last
// commit().
//
// Throws StorageDamaged, or CodedError with an errno's name ("ENOSPC"), "ERR_CONFLICT", "ERR_QUOTA" or
// "ERR_STORAGE".
class StorageFile {
 public:
  // Makes the file, readable for its owner only, if there is none. `quotaBytes`: keys and values together.
  StorageFile(std::string path, std::size_t quotaBytes);
  ~StorageFile();
  StorageFile(const StorageFile&) = delete;
  StorageFile& operator=(const StorageFile&) = delete;

  std::optional<std::string> get(const std::string& key);
  // Those that begin with `prefix` and come behind `after`, in the order of their UTF-8 bytes; at most
  // `most`.
  std::vector<std::string> keys(const std::string& prefix, const std::string& after, std::size_t most);
  // Returns which of the keys that were to go had been there.
  std::vector<std::string> apply(const StorageBatch& batch);
  void commit();
  // Back to the last commit().
  void rollback();

  bool dirty() const { return dirty_; }
  std::size_t bytes() const { return bytes_; }
  void setQuota(std::size_t quotaBytes) { quotaBytes_ = quotaBytes; }

 private:
  class Statement;
  void open();
  void prepareTables();
  void run(const char* sql);
  [[noreturn]] void fail(const char* action) const;
  std::unique_ptr<Statement> prepare(const char* sql);
  void expect(const StorageEntry& entry);
  bool change(const StorageEntry& entry);

  const std::string path_;
  std::size_t quotaBytes_;
  std::size_t bytes_ = 0;
  std::size_t committedBytes_ = 0;
  bool dirty_ = false;
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
  std::unique_ptr<Statement> get_;
  std::unique_ptr<Statement> keys_;
  std::unique_ptr<Statement> set_;
  std::unique_ptr<Statement> remove_;
};

}  // namespace deskd
