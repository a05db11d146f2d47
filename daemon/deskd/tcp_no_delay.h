// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deskd {

// The process's TCP sockets that are connected to this port and, if `host` is a numeric address, to that
// address. Paho does not tell its descriptor, so this looks through /proc/self/fd.
std::vector<int> tcpSocketsTo(const std::string& host, std::uint16_t port);

// Has those sockets send small packets at once instead of waiting for the peer's answer to the one before
// (which, with the peer's delayed acknowledgement, costs 40 ms). Returns how many there are.
unsigned setTcpNoDelay(const std::string& host, std::uint16_t port);

}  // namespace deskd
