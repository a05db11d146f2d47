// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/tcp_probe.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "tests/fakes/run_until.h"

using namespace deskd;

namespace {

sockaddr_storage loopback(std::uint16_t port) {
  sockaddr_storage storage{};
  auto& address = reinterpret_cast<sockaddr_in&>(storage);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = port;
  return storage;
}

std::optional<bool> probe(Loop& loop, const sockaddr_storage& address) {
  std::optional<bool> result;
  TcpProbe probe(loop, address, Milliseconds(5000), [&](bool accepting) { result = accepting; });
  EXPECT_FALSE(result) << "not from inside the constructor";
  runUntil(loop, [&] { return result.has_value(); });
  return result;
}

}  // namespace

TEST(TcpProbe, TellsWhetherSomebodyAccepts) {
  Loop loop;
  UniqueFd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address = loopback(0);
  socklen_t size = sizeof(sockaddr_in);
  ASSERT_EQ(::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_EQ(probe(loop, address), false);
  ASSERT_EQ(::listen(listening.get(), 1), 0);
  EXPECT_EQ(probe(loop, address), true);
  listening.reset();
  EXPECT_EQ(probe(loop, address), false);
}

TEST(TcpProbe, AnAddressOfNoKnownKindIsNotThere) {
  Loop loop;
  sockaddr_storage address{};
  address.ss_family = 255;
  EXPECT_EQ(probe(loop, address), false);
}

TEST(TcpProbe, CanBeCancelled) {
  Loop loop;
  {
    TcpProbe probe(loop, loopback(htons(1)), Milliseconds(1000), [](bool) { FAIL(); });
  }
  runFor(loop, Milliseconds(20));
}
