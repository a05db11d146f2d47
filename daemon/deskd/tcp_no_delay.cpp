// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/tcp_no_delay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

namespace deskd {
namespace {

struct Peer {
  in6_addr address{};  // IPv4 as ::ffff:a.b.c.d
  std::uint16_t port = 0;
};

in6_addr mapped(const in_addr& v4) {
  in6_addr address{};
  address.s6_addr[10] = 0xff;
  address.s6_addr[11] = 0xff;
  std::memcpy(&address.s6_addr[12], &v4, sizeof v4);
  return address;
}

std::optional<in6_addr> numericAddress(const std::string& host) {
  in6_addr v6{};
  if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1) return v6;
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return mapped(v4);
  return std::nullopt;
}

std::optional<Peer> tcpPeer(int fd) {
  int protocol = 0;
  socklen_t size = sizeof protocol;
  if (::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 || protocol != IPPROTO_TCP)
    return std::nullopt;
  sockaddr_storage peer{};
  size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return std::nullopt;
  if (peer.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
    return Peer{mapped(v4.sin_addr), ntohs(v4.sin_port)};
  }
  if (peer.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
    return Peer{v6.sin6_addr, ntohs(v6.sin6_port)};
  }
  return std::nullopt;
}

}  // namespace

std::vector<int> tcpSocketsTo(const std::string& host, std::uint16_t port) {
  const std::optional<in6_addr> wanted = numericAddress(host);
  std::vector<int> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const int fd = std::atoi(entry.path().filename().c_str());
    const std::optional<Peer> peer = tcpPeer(fd);
    if (!peer || peer->port != port) continue;
    if (wanted && std::memcmp(&*wanted, &peer->address, sizeof *wanted) != 0) continue;
    found.push_back(fd);
  }
  return found;
}

unsigned setTcpNoDelay(const std::string& host, std::uint16_t port) {
  unsigned set = 0;
  for (const int fd : tcpSocketsTo(host, port)) {
    const int on = 1;
    if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0) ++set;
  }
  return set;
}

}  // namespace deskd
