// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/datagram_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "hal/base/error.h"

namespace deskd {
namespace {

std::pair<UniqueFd, UniqueFd> socketPair(int sendBufferBytes) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throwErrno("create socket pair");
  ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &sendBufferBytes, sizeof sendBufferBytes);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

DatagramStream::DatagramStream(Loop& loop, Options options)
    : options_(std::move(options)),
      writer_([&] {
        auto [mine, theirs] = socketPair(options_.sendBufferBytes);
        reader_ = std::move(theirs);
        return std::move(mine);
      }()),
      poll_(std::in_place, loop, writer_.get(), [this](int) { flush(); }) {}

void DatagramStream::push(std::string record) {
  if (ended()) return;
  if (waiting_.size() >= options_.mostWaiting) {
    waiting_.pop_front();
    ++dropped_;
  }
  waiting_.push_back(std::move(record));
  flush();
}

void DatagramStream::flush() {
  while (!waiting_.empty()) {
    std::size_t records = 0;
    const std::string datagram = nextDatagram(records);
    const ssize_t sent = ::send(writer_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) return poll_->start(UV_WRITABLE);
    if (sent < 0) {
      poll_.reset();
      waiting_.clear();
      return writer_.reset();
    }
    if (records == 0) dropped_ = 0;  // it was the notice
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(records));
  }
  poll_->stop();
}

std::string DatagramStream::nextDatagram(std::size_t& records) const {
  if (dropped_ > 0 && options_.notice) return options_.notice(dropped_);
  records = std::min(waiting_.size(), options_.mostInDatagram);
  std::string datagram;
  for (std::size_t i = 0; i < records; ++i)
    datagram += waiting_[i];
  return datagram;
}

}  // namespace deskd
