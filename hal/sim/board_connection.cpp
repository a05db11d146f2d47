// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/board_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "hal/sim/board_server.h"

namespace deskd {
namespace {

// Behind a stuck bus; a client waits for each answer, so that more is no client of ours.
constexpr std::size_t kMostWaiting = 64;

}  // namespace

BoardConnection::BoardConnection(BoardServer& server, BoardRunner& runner, UniqueFd socket)
    : server_(server),
      socket_(std::move(socket)),
      session_(runner),
      poll_(runner.loop(), socket_.get(), [this](int) {
        if (!serve()) server_.remove(this);
      }) {
  poll_.start(UV_READABLE);
}

bool BoardConnection::hungUp() const {
  pollfd state{socket_.get(), 0, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

bool BoardConnection::serve() {
  while (read())
    if (!executeWaiting()) return false;
  return errno == EAGAIN || errno == EINTR;
}

bool BoardConnection::retry() {
  return executeWaiting();
}

// False with errno 0 at the end.
bool BoardConnection::read() {
  std::vector<char>& buffer = server_.buffer();
  const auto receive = [&] {
    return ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
  };
  ssize_t size = receive();
  // Of a client that ended without reading an answer; what it said before comes after that.
  if (size < 0 && errno == ECONNRESET) size = receive();
  if (size == 0) errno = 0;
  if (size <= 0) return false;
  if (static_cast<std::size_t>(size) > buffer.size() || waiting_.size() >= kMostWaiting) {
    errno = EMSGSIZE;
    return false;
  }
  waiting_.emplace_back(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

bool BoardConnection::executeWaiting() {
  while (!waiting_.empty()) {
    if (waiting_.front().starts_with("gpio ")) server_.reap(this);
    BoardSession::Answer answer;
    try {
      answer = session_.execute(waiting_.front());
    } catch (const StuckBus&) {
      return true;
    }
    waiting_.pop_front();
    if (!send(answer)) return false;
    server_.retryOthers(this);
  }
  return true;
}

bool BoardConnection::send(const BoardSession::Answer& answer) {
  iovec data{const_cast<char*>(answer.text.data()), answer.text.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (answer.descriptor) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int descriptor = answer.descriptor.get();
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  return ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

}  // namespace deskd
