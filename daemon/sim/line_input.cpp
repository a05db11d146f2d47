// SPDX-License-Identifier: Apache-2.0
#include "daemon/sim/line_input.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "hal/base/error.h"

namespace deskd {
namespace {

constexpr std::size_t kLongestLine = 1024;

bool canBeWaitedFor(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return false;
  return S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) || ::isatty(fd) != 0;
}

sockaddr_un addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throwErrno(ENAMETOOLONG, "create control socket", path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace

StandardInput::StandardInput(Loop& loop, LineHandler handler) : handler_(std::move(handler)) {
  if (!canBeWaitedFor(STDIN_FILENO)) return;
  // In the background of a terminal, reading from it then fails instead of stopping the program.
  ::signal(SIGTTIN, SIG_IGN);
  poll_.emplace(loop, STDIN_FILENO, [this](int) { read(); });
  poll_->start(UV_READABLE);
}

void StandardInput::read() {
  std::array<char, kLongestLine> chunk;
  const ssize_t size = ::read(STDIN_FILENO, chunk.data(), chunk.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return poll_.reset();
  buffer_.append(chunk.data(), static_cast<std::size_t>(size));
  for (std::size_t end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n')) {
    const std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    std::printf("%s\n", handler_(line).c_str());
  }
  if (buffer_.size() > kLongestLine) buffer_.clear();
  std::fflush(stdout);
}

ControlSocket::ControlSocket(Loop& loop, const std::string& path, LineHandler handler)
    : path_(path),
      handler_(std::move(handler)),
      socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  if (!socket_) throwErrno("create control socket", path_);
  const sockaddr_un address = addressOf(path_);
  struct stat old {};
  if (::lstat(path_.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) ::unlink(path_.c_str());
  const mode_t before = ::umask(0077);
  const int result = ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(before);
  if (result != 0) throwErrno(error, "create control socket", path_);
  poll_.emplace(loop, socket_.get(), [this](int) { read(); });
  poll_->start(UV_READABLE);
}

ControlSocket::~ControlSocket() {
  ::unlink(path_.c_str());
}

void ControlSocket::read() {
  std::array<char, kLongestLine> line;
  sockaddr_un sender{};
  socklen_t senderSize = sizeof sender;
  const ssize_t size = ::recvfrom(socket_.get(), line.data(), line.size(), 0,
                                  reinterpret_cast<sockaddr*>(&sender), &senderSize);
  if (size < 0) return;
  const std::string answer = handler_(std::string_view(line.data(), static_cast<std::size_t>(size)));
  if (senderSize <= sizeof(sa_family_t)) return;  // has no address
  ::sendto(socket_.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&sender), senderSize);
}

}  // namespace deskd
