// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/board_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "hal/base/error.h"
#include "hal/sim/board_connection.h"
#include "hal/sim/board_wire.h"

namespace deskd {
namespace {

sockaddr_un addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throwErrno(ENAMETOOLONG, "create board socket", path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

UniqueFd newSocket() {
  UniqueFd made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made) throwErrno("create board socket");
  return made;
}

UniqueFd listenOn(const std::string& path) {
  const sockaddr_un address = addressOf(path);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) {
    const UniqueFd probe = newSocket();
    if (::connect(probe.get(), where, sizeof address) == 0 || errno == EAGAIN)
      throwErrno(EADDRINUSE, "create board socket", path);
    ::unlink(path.c_str());
  }
  UniqueFd socket = newSocket();
  const mode_t before = ::umask(0077);
  const int result = ::bind(socket.get(), where, sizeof address);
  const int error = errno;
  ::umask(before);
  if (result != 0) throwErrno(error, "create board socket", path);
  constexpr int backlog = 64;
  if (::listen(socket.get(), backlog) != 0) throwErrno("listen on board socket", path);
  return socket;
}

}  // namespace

BoardServer::BoardServer(BoardRunner& runner, const std::string& path)
    : runner_(runner),
      path_(path),
      socket_(listenOn(path)),
      buffer_(kLongestBoardMessage),
      own_(runner),
      poll_(runner.loop(), socket_.get(), [this](int) { accept(); }) {
  poll_.start(UV_READABLE);
}

BoardServer::~BoardServer() {
  ::unlink(path_.c_str());
}

std::string BoardServer::execute(std::string_view command) {
  reap(nullptr);
  try {
    std::string answer = own_.execute(command).text;
    retryOthers(nullptr);
    return answer;
  } catch (const StuckBus&) {
    return "error ETIMEDOUT the bus is stuck";
  }
}

void BoardServer::accept() {
  UniqueFd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (client) connections_.push_back(std::make_unique<BoardConnection>(*this, runner_, std::move(client)));
}

void BoardServer::reap(const BoardConnection* asking) {
  if (std::exchange(walking_, true)) return;
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto& connection = *at;
    const bool over = connection.get() != asking && connection->hungUp() && !connection->serve();
    at = over ? connections_.erase(at) : std::next(at);
  }
  walking_ = false;
}

void BoardServer::retryOthers(const BoardConnection* executing) {
  retryWanted_ = true;
  if (std::exchange(walking_, true)) return;
  while (std::exchange(retryWanted_, false)) {
    for (auto at = connections_.begin(); at != connections_.end();) {
      const auto& connection = *at;
      const bool over = connection.get() != executing && !connection->retry();
      at = over ? connections_.erase(at) : std::next(at);
    }
  }
  walking_ = false;
}

void BoardServer::remove(BoardConnection* connection) {
  connections_.remove_if([&](const auto& known) { return known.get() == connection; });
}

}  // namespace deskd
