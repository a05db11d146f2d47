// SPDX-License-Identifier: Apache-2.0
#include "daemon/wire/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "daemon/wire/codec.h"
#include "hal/base/error.h"

namespace deskd::wire {
namespace {

enum class Sent { whole, later, gone };

// Descriptor travels as ancillary data; the message itself is one datagram.
Sent sendDatagram(int socket, const Bytes& datagram, int descriptor, int flags) {
  iovec part{const_cast<std::uint8_t*>(datagram.data()), datagram.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(item), &descriptor, sizeof(int));
  }
  for (;;) {
    if (::sendmsg(socket, &header, flags | MSG_NOSIGNAL) >= 0) return Sent::whole;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS) return Sent::later;
    if (errno == EPIPE || errno == ECONNRESET) return Sent::gone;
    throwErrno("send to another process of deskd");
  }
}

struct Datagram {
  Bytes bytes;
  UniqueFd descriptor;
};

// Nothing: no message waits (only with MSG_DONTWAIT). An empty datagram: end of the stream.
std::optional<Datagram> receiveDatagram(int socket, int flags) {
  // Not initialised: pages that no message has filled cost no memory.
  static thread_local const std::unique_ptr<std::uint8_t[]> buffer(new std::uint8_t[maxMessageBytes + 1]);
  iovec part{buffer.get(), maxMessageBytes + 1};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t size = 0;
  bool reset = false;
  do {
    // A peer that closes with something unread resets the connection. The kernel says so first, once, and
    // only then gives what the peer has sent.
    reset = size < 0 && errno == ECONNRESET;
    size = ::recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
  } while (size < 0 && (errno == EINTR || (errno == ECONNRESET && !reset)));
  if (size < 0 && errno == EAGAIN) return std::nullopt;
  if (size < 0 && errno == ECONNRESET) size = 0;
  if (size < 0) throwErrno("receive from another process of deskd");
  Datagram datagram;
  datagram.bytes.assign(buffer.get(), buffer.get() + size);
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(item), sizeof descriptor);
    datagram.descriptor.reset(descriptor);
  }
  return datagram;
}

}  // namespace

std::pair<UniqueFd, UniqueFd> socketPair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throwErrno("create a socket pair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void send(int socket, const Any& message, int descriptor) {
  if (sendDatagram(socket, encode(message), descriptor, 0) == Sent::gone)
    throwErrno(EPIPE, "send to another process of deskd");
}

std::optional<Received> receive(int socket) {
  auto datagram = receiveDatagram(socket, 0);
  if (!datagram || datagram->bytes.empty()) return std::nullopt;
  return Received{decode(datagram->bytes), std::move(datagram->descriptor)};
}

Channel::Channel(Loop& loop, UniqueFd socket, Handlers handlers)
    : socket_(std::move(socket)), handlers_(std::move(handlers)) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK) != 0) throwErrno("prepare a socket");
  poll_.emplace(loop, socket_.get(), [this](int events) { ready(events); });
  poll_->start(UV_READABLE);
}

bool Channel::post(const Any& message, int descriptor) {
  if (closed_) return false;
  const std::size_t bytes = encodedBytes(message);
  if (bytes > maxMessageBytes) {
    ++dropped_;
    return false;
  }
  Bytes datagram = encode(message);
  if (queued() == 0) {
    switch (sendDatagram(socket_.get(), datagram, descriptor, MSG_DONTWAIT)) {
      case Sent::whole:
        return true;
      case Sent::gone:
        return false;  // the poll finds the end of the stream, after what is still to be read
      case Sent::later:
        break;
    }
  }
  if (!hasRoom(message, bytes)) {
    ++dropped_;
    return false;
  }
  queuedBytes_ += datagram.size();
  UniqueFd copy;
  if (descriptor >= 0) copy.reset(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
  (isUrgent(message) ? urgent_ : queue_).push_back({std::move(datagram), std::move(copy)});
  poll_->start(UV_READABLE | UV_WRITABLE);
  return true;
}

bool Channel::hasRoom(const Any& message, std::size_t bytes) const {
  if (isUrgent(message)) return urgent_.size() < maxUrgent && queuedBytes_ + bytes <= 3 * maxQueuedBytes;
  if (isBulk(message)) return queue_.size() < maxQueued && queuedBytes_ + bytes <= maxQueuedBytes;
  return queue_.size() < maxQueued + maxReserved && queuedBytes_ + bytes <= 2 * maxQueuedBytes;
}

void Channel::flush(Milliseconds atMost) {
  const auto until = std::chrono::steady_clock::now() + atMost;
  while (queued() > 0 && !closed_) {
    const auto left =
        std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return;
    pollfd writable{socket_.get(), POLLOUT, 0};
    if (::poll(&writable, 1, static_cast<int>(left)) <= 0) return;
    writeWaiting();
  }
}

void Channel::ready(int events) {
  const std::weak_ptr<bool> alive = alive_;
  if (events < 0 || (events & UV_WRITABLE) != 0) writeWaiting();
  if (!alive.expired() && !closed_) readSome();
}

void Channel::drain() {
  const std::weak_ptr<bool> alive = alive_;
  while (!alive.expired() && !closed_ && readSome()) {
  }
}

bool Channel::readSome() {
  const std::weak_ptr<bool> alive = alive_;
  // A bounded share of the turn, so that one process that never stops talking does not hold up the others.
  for (int left = 64; left > 0 && !alive.expired() && !closed_; --left) {
    auto datagram = receiveDatagram(socket_.get(), MSG_DONTWAIT);
    if (!datagram) return false;
    if (datagram->bytes.empty()) {
      close("");
      return false;
    }
    try {
      auto message = decode(datagram->bytes);
      // The handlers may destroy the channel.
      if (datagram->descriptor && handlers_.withDescriptor) {
        const auto handle = handlers_.withDescriptor;
        handle(std::move(message), std::move(datagram->descriptor));
      } else {
        const auto handle = handlers_.message;
        handle(std::move(message));
      }
    } catch (const BadMessage& bad) {
      if (!alive.expired()) close(bad.what());
      return false;
    }
  }
  return true;
}

void Channel::writeWaiting() {
  while (queued() > 0) {
    auto& lane = urgent_.empty() ? queue_ : urgent_;
    const auto& first = lane.front();
    const Sent sent = sendDatagram(socket_.get(), first.datagram, first.descriptor.get(), MSG_DONTWAIT);
    if (sent == Sent::later) return;
    queuedBytes_ -= first.datagram.size();
    lane.pop_front();
  }
  poll_->start(UV_READABLE);
}

void Channel::close(const std::string& reason) {
  closed_ = true;
  poll_->stop();
  const auto tell = handlers_.closed;
  if (tell) tell(reason);
}

}  // namespace deskd::wire
