// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/tcp_probe.h"

#include <cerrno>
#include <utility>

namespace deskd {

std::optional<sockaddr_storage> tcpPeerOf(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return std::nullopt;
  return peer;
}

TcpProbe::TcpProbe(Loop& loop, const sockaddr_storage& address, Milliseconds most,
                   std::function<void(bool)> done)
    : done_(std::move(done)),
      fd_(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      timer_(loop, [this] { finish(false); }) {
  const bool begun =
      fd_ && (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
              errno == EINPROGRESS);
  timer_.start(begun ? most : Milliseconds(0));
  if (!begun) return;
  poll_.emplace(loop, fd_.get(), [this](int) {
    int error = 0;
    socklen_t size = sizeof error;
    const bool known = ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0;
    finish(known && error == 0);
  });
  poll_->start(UV_WRITABLE);
}

void TcpProbe::finish(bool accepting) {
  timer_.stop();
  if (poll_) poll_->stop();
  const auto done = std::exchange(done_, nullptr);
  if (done) done(accepting);  // may destroy this
}

}  // namespace deskd
