// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/lossy_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

namespace deskd::test {

namespace {

constexpr std::size_t sectorBytes = 512;

struct Change {
  bool truncate = false;
  std::size_t at = 0;  // or the new length
  std::string bytes;
};

struct Content {
  std::string now;
  std::string durable;
  std::vector<Change> unsynced;
};

void put(std::string& content, const Change& change, std::size_t most = std::string::npos) {
  if (change.truncate) return content.resize(change.at);
  const std::size_t size = std::min(most, change.bytes.size());
  if (size == 0) return;
  if (content.size() < change.at + size) content.resize(change.at + size);
  content.replace(change.at, size, change.bytes, 0, size);
}

}  // namespace

struct LossyDisk::State {
  std::mt19937_64 random;
  std::map<std::string, Content> files;
  bool counts = false;
  unsigned left = 0;
  bool power = true;
  unsigned full = 0;
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;

  // Whether there is power for one more.
  bool operation() {
    if (!power) return false;
    if (counts && left-- == 0) power = false;
    return power;
  }
  void survive() {
    for (auto& [path, content] : files) {
      // The order in which a disk writes what it has taken is its own.
      std::shuffle(content.unsynced.begin(), content.unsynced.end(), random);
      for (const Change& change : content.unsynced) {
        const auto fate = random() % 3;
        if (fate == 0) continue;
        put(content.durable, change, fate == 1 ? std::string::npos : random() % (sectorBytes * 3));
      }
      content.unsynced.clear();
      content.now = content.durable;
    }
  }
};

namespace {

LossyDisk::State* disk = nullptr;  // SQLite's functions know no other

struct File {
  sqlite3_file base;
  Content* content;
};
Content& contentOf(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file)->content;
}

int closeFile(sqlite3_file*) {
  return SQLITE_OK;
}
int readFile(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  if (!disk->power) return SQLITE_IOERR_READ;
  const std::string& now = contentOf(file).now;
  const auto begin = std::min(static_cast<std::size_t>(at), now.size());
  const auto there = std::min(static_cast<std::size_t>(size), now.size() - begin);
  std::memset(to, 0, static_cast<std::size_t>(size));
  std::memcpy(to, now.data() + begin, there);
  return there == static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}
int change(sqlite3_file* file, Change made) {
  if (disk->full > 0 && !made.truncate) {
    --disk->full;
    return SQLITE_FULL;
  }
  Content& content = contentOf(file);
  const bool power = disk->operation();
  // The write during which the power went is under way as well.
  if (power) put(content.now, made);
  content.unsynced.push_back(std::move(made));
  return power ? SQLITE_OK : SQLITE_IOERR_WRITE;
}
int writeFile(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  if (!disk->power) return SQLITE_IOERR_WRITE;
  return change(file, {false, static_cast<std::size_t>(at),
                       std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
}
int truncateFile(sqlite3_file* file, sqlite3_int64 size) {
  if (!disk->power) return SQLITE_IOERR_TRUNCATE;
  return change(file, {true, static_cast<std::size_t>(size), ""});
}
int syncFile(sqlite3_file* file, int) {
  if (!disk->operation()) return SQLITE_IOERR_FSYNC;
  Content& content = contentOf(file);
  content.durable = content.now;
  content.unsynced.clear();
  return SQLITE_OK;
}
int fileSize(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(contentOf(file).now.size());
  return SQLITE_OK;
}
int lockFile(sqlite3_file*, int) {
  return SQLITE_OK;
}
int isReserved(sqlite3_file*, int* reserved) {
  *reserved = 0;
  return SQLITE_OK;
}
int control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}
int sectorSize(sqlite3_file*) {
  return sectorBytes;
}
int characteristics(sqlite3_file*) {
  return 0;
}

const sqlite3_io_methods methods{1,        closeFile,  readFile,        writeFile, truncateFile,
                                 syncFile, fileSize,   lockFile,        lockFile,  isReserved,
                                 control,  sectorSize, characteristics, nullptr,   nullptr,
                                 nullptr,  nullptr,    nullptr,         nullptr};

int openFile(sqlite3_vfs*, sqlite3_filename path, sqlite3_file* file, int flags, int* outFlags) {
  std::memset(file, 0, sizeof(File));
  if (!disk->power) return SQLITE_CANTOPEN;
  auto* opened = reinterpret_cast<File*>(file);
  opened->content = &disk->files[path];
  opened->base.pMethods = &methods;
  if (outFlags != nullptr) *outFlags = flags;
  return SQLITE_OK;
}
int deleteFile(sqlite3_vfs*, const char* path, int) {
  if (!disk->power) return SQLITE_IOERR_DELETE;
  disk->files.erase(path);
  return SQLITE_OK;
}
int hasFile(sqlite3_vfs*, const char* path, int, int* has) {
  *has = disk->files.contains(path) && !disk->files[path].now.empty() ? 1 : 0;
  return SQLITE_OK;
}
int fullPath(sqlite3_vfs*, const char* path, int most, char* full) {
  sqlite3_snprintf(most, full, "%s", path);
  return SQLITE_OK;
}

}  // namespace

LossyDisk::LossyDisk(std::uint64_t seed) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.random.seed(seed);
  state.real = sqlite3_vfs_find(nullptr);
  state.vfs = *state.real;  // time and random numbers are the real ones
  state.vfs.iVersion = 1;
  state.vfs.szOsFile = sizeof(File);
  state.vfs.zName = "lossy";
  state.vfs.xOpen = openFile;
  state.vfs.xDelete = deleteFile;
  state.vfs.xAccess = hasFile;
  state.vfs.xFullPathname = fullPath;
  disk = &state;
  sqlite3_vfs_register(&state.vfs, 1);
}

LossyDisk::~LossyDisk() {
  sqlite3_vfs_unregister(&state_->vfs);
  sqlite3_vfs_register(state_->real, 1);
  disk = nullptr;
}

void LossyDisk::losePowerAfter(unsigned operations) {
  state_->counts = true;
  state_->left = operations;
}

bool LossyDisk::hasPower() const {
  return state_->power;
}

void LossyDisk::restorePower() {
  state_->survive();
  state_->counts = false;
  state_->power = true;
}

void LossyDisk::fill(unsigned writes) {
  state_->full = writes;
}

void LossyDisk::damage(const std::string& path, std::size_t at, const std::string& bytes) {
  Content& content = state_->files.at(path);
  for (std::string* text : {&content.now, &content.durable})
    put(*text, {false, at, bytes});
}

}  // namespace deskd::test
