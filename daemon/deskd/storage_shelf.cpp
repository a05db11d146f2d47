// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/storage_shelf.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

namespace deskd {

namespace {

using Seconds = std::chrono::duration<double>;

bool hasWork(const std::optional<StorageFile>& file) {
  return file && file->dirty();
}

}  // namespace

StorageShelf::StorageShelf(std::string directory, Handlers handlers)
    : directory_(std::move(directory)), handlers_(std::move(handlers)) {}

void StorageShelf::handle(const StorageRequest& request, Clock::time_point now) {
  Store& store = stores_[request.store];
  if (!store.counted) store.counted = now;
  StorageAnswer answer{request.ticket, "", "", {}, false};
  if (request.kind == StorageRequest::Kind::close) {
    commit(store, request.store);
    stores_.erase(request.store);
    return handlers_.answer(std::move(answer));
  }
  const bool wasDirty = hasWork(store.file);
  try {
    work(store, request, answer);
    const bool waits =
        request.kind == StorageRequest::Kind::apply || request.kind == StorageRequest::Kind::flush;
    if (waits && hasWork(store.file)) return store.waiting.push_back(std::move(answer));
  } catch (const StorageDamaged& error) {
    answer.code = error.code();
    answer.message = error.what();
    failAll(store, error);
    setAside(store, request.store, error.what());
  } catch (const CodedError& error) {
    answer.code = error.code();
    answer.message = error.what();
    // What others wait for went with it.
    if (wasDirty && !hasWork(store.file)) failAll(store, error);
  }
  handlers_.answer(std::move(answer));
}

void StorageShelf::work(Store& store, const StorageRequest& request, StorageAnswer& answer) {
  StorageFile& file = fileOf(store, request);
  switch (request.kind) {
    case StorageRequest::Kind::get:
      if (auto json = file.get(request.key)) answer.values.push_back(std::move(*json));
      break;
    case StorageRequest::Kind::keys: {
      answer.values = file.keys(request.key, request.after, mostKeys + 1);
      std::size_t bytes = 0;
      std::size_t fitting = 0;
      while (fitting < std::min(answer.values.size(), mostKeys) && bytes < mostKeyBytes)
        bytes += answer.values[fitting++].size();
      answer.more = fitting < answer.values.size();
      answer.values.resize(fitting);
      break;
    }
    case StorageRequest::Kind::apply:
      answer.values = file.apply(request.batch);
      break;
    case StorageRequest::Kind::flush:
      store.flush = true;
      break;
    case StorageRequest::Kind::close:
      break;
  }
}

StorageFile& StorageShelf::fileOf(Store& store, const StorageRequest& request) {
  if (!store.file) {
    const std::string path = pathOf(request.store);
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (error) throw CodedError(errnoName(error.value()), "create " + directory_ + ": " + error.message());
    try {
      store.file.emplace(path, request.quotaBytes);
    } catch (const StorageDamaged& damage) {
      setAside(store, request.store, damage.what());
      store.file.emplace(path, request.quotaBytes);
    }
  }
  store.file->setQuota(request.quotaBytes);
  return *store.file;
}

std::optional<StorageShelf::Clock::time_point> StorageShelf::settle(Clock::time_point now) {
  std::optional<Clock::time_point> next;
  for (auto& [name, store] : stores_) {
    const double gained = Seconds(now - *store.counted).count();
    store.credit = std::min(burst, store.credit + std::max(gained, 0.0));
    store.counted = now;
    if (!hasWork(store.file)) {
      store.flush = false;
      continue;
    }
    if (store.credit >= 1 || store.flush) {
      store.credit = std::max(store.credit - 1, 0.0);
      commit(store, name);
    } else {
      const auto due = now + std::chrono::ceil<Clock::duration>(Seconds(1 - store.credit));
      next = next ? std::min(*next, due) : due;
    }
  }
  return next;
}

void StorageShelf::commitAll() {
  for (auto& [name, store] : stores_)
    commit(store, name);
}

void StorageShelf::commit(Store& store, const std::string& name) {
  store.flush = false;
  if (!hasWork(store.file)) return;
  try {
    store.file->commit();
  } catch (const StorageDamaged& error) {
    failAll(store, error);
    return setAside(store, name, error.what());
  } catch (const CodedError& error) {
    return failAll(store, error);
  }
  for (StorageAnswer& answer : std::exchange(store.waiting, {}))
    handlers_.answer(std::move(answer));
}

// Closed as well: after a failed write only what is read again is known to be there.
void StorageShelf::failAll(Store& store, const CodedError& error) {
  store.file.reset();
  for (StorageAnswer& answer : std::exchange(store.waiting, {})) {
    answer.code = error.code();
    answer.message = error.what();
    answer.values.clear();
    handlers_.answer(std::move(answer));
  }
}

void StorageShelf::setAside(Store& store, const std::string& name, const std::string& what) {
  store.file.reset();
  const std::string path = pathOf(name);
  std::string aside;
  for (int number = 1; aside.empty() || std::filesystem::exists(aside); ++number)
    aside = path + ".damaged-" + std::to_string(number);
  std::error_code error;
  std::filesystem::rename(path, aside, error);
  if (error)
    return handlers_.damaged(name, what + "; it cannot be renamed to " + aside + ": " + error.message());
  // Its log belongs to it: SQLite finds the one by the name of the other.
  std::filesystem::rename(path + "-wal", aside + "-wal", error);
  handlers_.damaged(name, what + "; it is kept as " + aside + ", and the store begins empty");
}

}  // namespace deskd
