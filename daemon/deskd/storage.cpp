// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/storage.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

namespace deskd {
namespace {

// Bounded by the owners' limits already.
constexpr std::size_t mostNotices = 1'000'000;

std::size_t bytesOf(const StorageRequest& request) {
  std::size_t bytes = request.key.size() + request.after.size();
  for (const auto* entries : {&request.batch.expected, &request.batch.changes})
    for (const StorageEntry& entry : *entries)
      bytes += entry.key.size() + (entry.json ? entry.json->size() : 0);
  return bytes;
}

}  // namespace

Storage::Storage(Loop& loop, std::string directory,
                 std::function<void(const std::string&, const std::string&)> damaged)
    : directory_(std::move(directory)),
      damaged_(std::move(damaged)),
      mailbox_(loop, mostNotices, [this](Notice notice) { receive(std::move(notice)); }) {
  mailbox_.unref();
}

Storage::~Storage() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Storage::request(Owner owner, StorageRequest request, Done done) {
  const std::size_t bytes = bytesOf(request);
  Use& use = uses_[owner];
  std::string code;
  std::string message;
  if (directory_.empty()) {
    code = "ERR_NOT_SUPPORTED";
    message = "storage: expected a state directory, found none (state.directory in deskd.toml)";
  } else if (use.requests >= mostRequests || use.bytes + bytes > mostBytes) {
    code = "ERR_QUEUE_FULL";
    message = "storage: more is asked for than can be written: wait for earlier calls to resolve";
  } else if (!thread_.started()) {
    try {
      thread_.start("storage", [this] { run(); });
    } catch (const std::system_error& error) {
      code = "ERR_STORAGE";
      message = error.what();
    }
  }
  request.ticket = ++lastTicket_;
  pending_[request.ticket] = {owner, bytes, std::move(done)};
  ++use.requests;
  use.bytes += bytes;
  if (code.empty())
    submit(std::move(request));
  else
    mailbox_.post(StorageAnswer{request.ticket, std::move(code), std::move(message), {}, false});
}

void Storage::dropOwner(Owner owner) {
  std::erase_if(pending_, [owner](const auto& item) { return item.second.owner == owner; });
  uses_.erase(owner);
}

void Storage::close(const std::string& store) {
  if (!thread_.started()) return;
  StorageRequest request;
  request.kind = StorageRequest::Kind::close;
  request.store = store;
  submit(std::move(request));
}

void Storage::submit(StorageRequest request) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(request));
  }
  changed_.notify_all();
}

void Storage::run() {
  StorageShelf shelf(directory_, {[this](StorageAnswer answer) { mailbox_.post(std::move(answer)); },
                                  [this](const std::string& store, const std::string& what) {
                                    mailbox_.post(Damage{store, what});
                                  }});
  std::optional<StorageShelf::Clock::time_point> due;
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto wanted = [this] { return stop_ || !queue_.empty(); };
    if (due)
      changed_.wait_until(lock, *due, wanted);
    else
      changed_.wait(lock, wanted);
    std::deque<StorageRequest> taken = std::exchange(queue_, {});
    const bool last = stop_;
    lock.unlock();
    for (const StorageRequest& request : taken)
      shelf.handle(request, StorageShelf::Clock::now());
    if (last) return shelf.commitAll();
    due = shelf.settle(StorageShelf::Clock::now());
    lock.lock();
  }
}

void Storage::receive(Notice notice) {
  if (const auto* damage = std::get_if<Damage>(&notice)) return damaged_(damage->store, damage->what);
  auto& answer = std::get<StorageAnswer>(notice);
  const auto found = pending_.find(answer.ticket);
  if (found == pending_.end()) return;
  const Pending pending = std::move(found->second);
  pending_.erase(found);
  Use& use = uses_[pending.owner];
  --use.requests;
  use.bytes -= pending.bytes;
  pending.done(std::move(answer));
}

}  // namespace deskd
