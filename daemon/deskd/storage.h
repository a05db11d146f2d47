// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <variant>

#include "daemon/deskd/storage_shelf.h"
#include "hal/base/loop.h"
#include "hal/base/mailbox.h"
#include "hal/base/thread.h"

namespace deskd {

// The stores of all scripts, for a loop that must not wait for a disk: they are worked on in a thread of its
// own, which the first request starts and which sleeps between requests.
class Storage {
 public:
  using Done = std::function<void(StorageAnswer)>;
  using Owner = std::uint64_t;
  // Of one owner, unanswered; more is answered with ERR_QUEUE_FULL.
  static constexpr std::size_t mostRequests = 256;
  static constexpr std::size_t mostBytes = 1024 * 1024;

  // `damaged`: a store's file was, and stands aside now. With no directory every request is answered with
  // ERR_NOT_SUPPORTED.
  Storage(Loop& loop, std::string directory,
          std::function<void(const std::string& store, const std::string& what)> damaged);
  // Everything is on the disk before it returns.
  ~Storage();

  // Requests are carried out in order. `done` comes on the loop, never from inside this call.
  void request(Owner owner, StorageRequest request, Done done);
  // Nobody waits for its answers any more. What it asked for is still done.
  void dropOwner(Owner owner);
  // Writes down what the store has not, and closes its file until somebody asks for it again.
  void close(const std::string& store);

 private:
  struct Pending {
    Owner owner;
    std::size_t bytes;
    Done done;
  };
  struct Use {
    std::size_t requests = 0;
    std::size_t bytes = 0;
  };
  struct Damage {
    std::string store;
    std::string what;
  };
  using Notice = std::variant<StorageAnswer, Damage>;

  void submit(StorageRequest request);
  void run();
  void receive(Notice notice);

  const std::string directory_;
  const std::function<void(const std::string&, const std::string&)> damaged_;
  std::map<std::uint64_t, Pending> pending_;
  std::map<Owner, Use> uses_;
  std::uint64_t lastTicket_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<StorageRequest> queue_;  // under mutex_, as is stop_
  bool stop_ = false;

  Mailbox<Notice> mailbox_;
  Thread thread_;  // last: it uses all the others
};

}  // namespace deskd
