// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <functional>
#include <optional>

#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// Whom a connected socket is connected to; nothing if it is not.
std::optional<sockaddr_storage> tcpPeerOf(int fd);

// Finds out, without blocking, whether somebody still accepts TCP connections at an address. Calls back once,
// with false also after `most`, from the loop and never from inside the constructor. Destroying it cancels.
class TcpProbe {
 public:
  TcpProbe(Loop& loop, const sockaddr_storage& address, Milliseconds most,
           std::function<void(bool accepting)> done);

 private:
  void finish(bool accepting);

  std::function<void(bool)> done_;
  UniqueFd fd_;
  std::optional<Poll> poll_;  // after fd_: stops first
  Timer timer_;
};

}  // namespace deskd
