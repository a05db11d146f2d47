// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/tiny_broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "hal/base/error.h"

namespace deskd {

TinyBroker::TinyBroker(Loop& loop, Answer answer)
    : loop_(loop),
      answer_(answer),
      listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listening_.get(), 8) != 0 ||
      ::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throwErrno("listen");
  }
  port_ = ntohs(address.sin_port);
  poll_ = std::make_unique<Poll>(loop, listening_.get(), [this](int) { accept(); });
  poll_->start(UV_READABLE);
}

std::string TinyBroker::url() const {
  return "mqtt://127.0.0.1:" + std::to_string(port_);
}

void TinyBroker::accept() {
  UniqueFd fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd) return;
  Client& client = clients_.emplace_back();
  client.fd = std::move(fd);
  client.poll = std::make_unique<Poll>(loop_, client.fd.get(), [this, &client](int) { read(client); });
  client.poll->start(UV_READABLE);
}

void TinyBroker::read(Client& client) {
  std::array<char, 4096> bytes{};
  const ssize_t got = ::recv(client.fd.get(), bytes.data(), bytes.size(), 0);
  if (got <= 0) {
    client.poll->stop();
    return;
  }
  // CONNECT: type, a length of one byte, "MQTT" with its length, and then the level.
  constexpr std::size_t levelAt = 8;
  if (bytes[0] != 0x10 || static_cast<std::size_t>(got) <= levelAt) return;
  const int level = static_cast<unsigned char>(bytes[levelAt]);
  versions_.push_back(level);
  if (answer_ == Answer::nothing) return;
  if (answer_ == Answer::takeOver) {
    // CONNACK of MQTT 5, DISCONNECT with reason 142.
    const std::array<unsigned char, 9> accepted{0x20, 3, 0, 0, 0, 0xe0, 2, 142, 0};
    ::send(client.fd.get(), accepted.data(), accepted.size(), MSG_NOSIGNAL);
    ::shutdown(client.fd.get(), SHUT_WR);
    return;
  }
  // CONNACK of 3.1.1: return code 1 is "unacceptable protocol version", after which it hangs up.
  const bool accepted = level == 4;
  const std::array<char, 4> answer{0x20, 2, 0, static_cast<char>(accepted ? 0 : 1)};
  ::send(client.fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  if (!accepted) ::shutdown(client.fd.get(), SHUT_WR);
}

}  // namespace deskd
