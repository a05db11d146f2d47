// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// Takes a line, returns the answer to it.
using LineHandler = std::function<std::string(std::string_view line)>;

// Lines of standard input, as far as it is something to wait for (pipe, socket, terminal); answers go to
// standard output. Its end is not the program's.
class StandardInput {
 public:
  StandardInput(Loop& loop, LineHandler handler);

 private:
  void read();

  LineHandler handler_;
  std::string buffer_;
  std::optional<Poll> poll_;
};

// A Unix datagram socket: each datagram is a line, answered to its sender if that has an address.
class ControlSocket {
 public:
  ControlSocket(Loop& loop, const std::string& path, LineHandler handler);
  ~ControlSocket();

 private:
  void read();

  const std::string path_;
  LineHandler handler_;
  UniqueFd socket_;
  std::optional<Poll> poll_;  // declared after socket_: stops before it closes
};

}  // namespace deskd
