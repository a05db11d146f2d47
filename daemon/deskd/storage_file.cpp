// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/storage_file.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "hal/base/unique_fd.h"

namespace deskd {
namespace {

constexpr int formatVersion = 1;

std::string quoted(const std::string& key) {
  return "\"" + (key.size() > 80 ? key.substr(0, 80) + "..." : key) + "\"";
}

std::string codeOf(int result, int systemError) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return "ENOSPC";
    case SQLITE_READONLY:
      return "EROFS";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "EBUSY";
    case SQLITE_NOMEM:
      return "ENOMEM";
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return errnoName(systemError != 0 ? systemError : EIO);
    default:
      return "ERR_STORAGE";
  }
}

}  // namespace

void StorageFile::Close::operator()(sqlite3* database) const {
  ::sqlite3_close_v2(database);
}

// One prepared statement; bound values must live until the next reset().
class StorageFile::Statement {
 public:
  Statement(StorageFile& file, const char* sql) : file_(file) {
    if (::sqlite3_prepare_v3(file.database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_,
                             nullptr) != SQLITE_OK)
      file.fail("prepare");
  }
  ~Statement() { ::sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int at, const std::string& text) {
    if (::sqlite3_bind_text64(statement_, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8) !=
        SQLITE_OK)
      file_.fail("bind");
    return *this;
  }
  Statement& bind(int at, std::size_t number) {
    if (::sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(number)) != SQLITE_OK)
      file_.fail("bind");
    return *this;
  }
  // Whether there is a row (another one).
  bool step() {
    const int result = ::sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    file_.fail("read or write");
  }
  std::string text(int column) const {
    const auto* data = reinterpret_cast<const char*>(::sqlite3_column_text(statement_, column));
    const int size = ::sqlite3_column_bytes(statement_, column);
    return data == nullptr ? std::string() : std::string(data, static_cast<std::size_t>(size));
  }
  std::size_t number(int column) const {
    return static_cast<std::size_t>(::sqlite3_column_int64(statement_, column));
  }
  void reset() { ::sqlite3_reset(statement_); }

 private:
  StorageFile& file_;
  sqlite3_stmt* statement_ = nullptr;
};

namespace {

// A statement in use holds its transaction open.
template <class S>
class Use {
 public:
  explicit Use(S& statement) : statement_(statement) {}
  ~Use() { statement_.reset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  S* operator->() { return &statement_; }

 private:
  S& statement_;
};

}  // namespace

StorageFile::StorageFile(std::string path, std::size_t quotaBytes)
    : path_(std::move(path)), quotaBytes_(quotaBytes) {
  open();
  prepareTables();
}

StorageFile::~StorageFile() = default;

void StorageFile::open() {
  {
    // SQLite would make it readable for everybody; what it puts beside it gets the same mode.
    const UniqueFd made(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!made) throw CodedError(errnoName(errno), "open " + path_ + ": " + std::string(::strerror(errno)));
  }
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  const int result = ::sqlite3_open_v2(path_.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (result != SQLITE_OK) fail("open");
  ::sqlite3_extended_result_codes(database, 1);
}

void StorageFile::prepareTables() {
  // Nobody else uses the file, so the index of the log needs no file of its own; FULL: a commit is on the
  // disk when it returns.
  run("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
      "PRAGMA journal_size_limit=1048576; PRAGMA cache_size=-64; PRAGMA temp_store=MEMORY;"
      "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF");
  {
    const auto check = prepare("PRAGMA quick_check(1)");
    if (!check->step() || check->text(0) != "ok") throw StorageDamaged(path_ + ": " + check->text(0));
  }
  std::size_t format = 0;
  {
    const auto version = prepare("PRAGMA user_version");
    if (version->step()) format = version->number(0);
  }
  if (format > formatVersion)
    throw CodedError("ERR_STORAGE", path_ + ": expected format " + std::to_string(formatVersion) +
                                        ", found " + std::to_string(format) + ": a newer deskd made it");
  if (format == 0)
    run("BEGIN IMMEDIATE;"
        "CREATE TABLE entries(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
        "PRAGMA user_version=1; COMMIT");
  {
    const auto sum = prepare(
        "SELECT coalesce(sum(length(CAST(key AS BLOB)) + length(CAST(value AS BLOB))), 0) FROM entries");
    if (sum->step()) bytes_ = committedBytes_ = sum->number(0);
  }
  get_ = prepare("SELECT value FROM entries WHERE key = ?1");
  keys_ = prepare("SELECT key FROM entries WHERE key >= ?1 AND key > ?2 ORDER BY key LIMIT ?3");
  set_ = prepare("INSERT INTO entries VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value");
  remove_ = prepare("DELETE FROM entries WHERE key = ?1");
}

std::unique_ptr<StorageFile::Statement> StorageFile::prepare(const char* sql) {
  return std::make_unique<Statement>(*this, sql);
}

void StorageFile::run(const char* sql) {
  if (::sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("write");
}

void StorageFile::fail(const char* action) const {
  const int result = database_ ? ::sqlite3_extended_errcode(database_.get()) : static_cast<int>(SQLITE_NOMEM);
  const std::string text =
      path_ + ": " + action + ": " + (database_ ? ::sqlite3_errmsg(database_.get()) : "out of memory");
  const int primary = result & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) throw StorageDamaged(text);
  throw CodedError(codeOf(result, database_ ? ::sqlite3_system_errno(database_.get()) : 0), text);
}

std::optional<std::string> StorageFile::get(const std::string& key) {
  Use read(*get_);
  read->bind(1, key);
  if (!read->step()) return std::nullopt;
  return read->text(0);
}

std::vector<std::string> StorageFile::keys(const std::string& prefix, const std::string& after,
                                           std::size_t most) {
  Use read(*keys_);
  read->bind(1, prefix).bind(2, after).bind(3, most);
  std::vector<std::string> found;
  while (read->step()) {
    std::string key = read->text(0);
    if (!key.starts_with(prefix)) break;
    found.push_back(std::move(key));
  }
  return found;
}

std::vector<std::string> StorageFile::apply(const StorageBatch& batch) {
  for (const StorageEntry& entry : batch.expected)
    expect(entry);
  if (batch.changes.empty()) return {};
  if (!dirty_) run("BEGIN IMMEDIATE");
  dirty_ = true;
  const std::size_t before = bytes_;
  std::vector<std::string> removed;
  run("SAVEPOINT batch");
  try {
    for (const StorageEntry& entry : batch.changes)
      if (change(entry) && !entry.json) removed.push_back(entry.key);
    if (bytes_ > quotaBytes_ && bytes_ > before)
      throw CodedError("ERR_QUOTA", "storage: expected at most " + std::to_string(quotaBytes_) +
                                        " bytes of keys and values in all, found " + std::to_string(bytes_));
    run("RELEASE batch");
  } catch (...) {
    bytes_ = before;
    // A full disk may have ended the whole transaction already, with what it had not committed.
    if (::sqlite3_get_autocommit(database_.get()) != 0)
      rollback();
    else
      run("ROLLBACK TO batch; RELEASE batch");
    throw;
  }
  return removed;
}

void StorageFile::expect(const StorageEntry& entry) {
  const std::optional<std::string> found = get(entry.key);
  if (found == entry.json) return;
  throw CodedError("ERR_CONFLICT", quoted(entry.key) + " was changed meanwhile");
}

// Whether there was one with this key.
bool StorageFile::change(const StorageEntry& entry) {
  const std::optional<std::string> old = get(entry.key);
  const std::size_t oldBytes = old ? entry.key.size() + old->size() : 0;
  const std::size_t newBytes = entry.json ? entry.key.size() + entry.json->size() : 0;
  Use write(entry.json ? *set_ : *remove_);
  write->bind(1, entry.key);
  if (entry.json) write->bind(2, *entry.json);
  write->step();
  bytes_ = bytes_ - oldBytes + newBytes;
  return old.has_value();
}

void StorageFile::commit() {
  if (!dirty_) return;
  try {
    run("COMMIT");
  } catch (...) {
    rollback();
    throw;
  }
  dirty_ = false;
  committedBytes_ = bytes_;
}

void StorageFile::rollback() {
  if (::sqlite3_get_autocommit(database_.get()) == 0)
    ::sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  dirty_ = false;
  bytes_ = committedBytes_;
}

}  // namespace deskd
