// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daemon/wire/messages.h"
#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"

namespace deskd::wire {

// Two connected sockets that keep messages apart, closed on exec.
std::pair<UniqueFd, UniqueFd> socketPair();

// One message and perhaps a descriptor, without a loop. Both throw std::system_error; receive() returns
// nothing at the end of the stream, and blocks.
void send(int socket, const Any& message, int descriptor = -1);
struct Received {
  Any message;
  UniqueFd descriptor;
};
std::optional<Received> receive(int socket);

// One end of a socket pair on a loop. Sending never blocks: what the kernel does not take at once waits in a
// bounded queue, and what does not fit there is dropped, counted, and refused to the caller.
//
// What may come in any number, because a script or a broker decides it, is refused first: the rest of the
// queue is kept for what deskd itself has to say (isBulk() tells which). What ends something
// overtakes everything that waits: a command, Unload, and Failed, behind which nothing more may be sent.
class Channel {
 public:
  struct Handlers {
    std::function<void(Any&&)> message;
    // The other side is gone (empty) or sent what is no message (the reason). Comes once; nothing follows.
    std::function<void(const std::string& reason)> closed;
    // Takes the place of `message` for those that bring a descriptor; without it such a descriptor is closed.
    std::function<void(Any&&, UniqueFd&&)> withDescriptor = {};
  };
  static constexpr std::size_t maxQueued = 2000;    // of those that are bulk
  static constexpr std::size_t maxReserved = 1000;  // further ones that are not
  static constexpr std::size_t maxUrgent = 1000;    // of those that overtake
  static constexpr std::size_t maxQueuedBytes = 4 * 1024 * 1024;

  Channel(Loop& loop, UniqueFd socket, Handlers handlers);

  // False: dropped, because it does not fit or is longer than a message may be. Messages of one kind keep
  // their order.
  bool post(const Any& message, int descriptor = -1);
  std::uint64_t dropped() const { return dropped_; }
  std::size_t queued() const { return urgent_.size() + queue_.size(); }
  int fd() const { return socket_.get(); }
  // It does not keep the loop going.
  void unref() { poll_->unref(); }
  // Delivers what has arrived already, whatever the loop does: the last words of a process that has ended.
  void drain();
  // Sends what waits, for at most this long; for the last words of a process.
  void flush(Milliseconds atMost);

 private:
  struct Waiting {
    Bytes datagram;
    UniqueFd descriptor;
  };

  void ready(int events);
  // False: nothing waits any more.
  bool readSome();
  void writeWaiting();
  bool hasRoom(const Any& message, std::size_t bytes) const;
  void close(const std::string& reason);

  UniqueFd socket_;
  Handlers handlers_;
  std::deque<Waiting> urgent_;
  std::deque<Waiting> queue_;
  std::size_t queuedBytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::optional<Poll> poll_;  // after the socket: stops before it closes
};

}  // namespace deskd::wire
