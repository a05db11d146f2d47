// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "hal/base/unique_fd.h"

namespace deskd {

// A connection to a simulated board (hal/sim/board_wire.h). Requests are answered one after another; from any
// thread. What was requested on it is released when it ends.
class BoardSocket {
 public:
  struct Answer {
    std::string text;     // behind "ok "
    UniqueFd descriptor;  // if one came with it
  };

  // Throws std::system_error.
  explicit BoardSocket(const std::string& path);

  // Waits for the answer. Throws std::system_error with the board's error number and message; ENODEV if the
  // board is gone.
  Answer request(const std::string& command);

 private:
  Answer receive();

  const std::string path_;
  UniqueFd socket_;
  std::mutex mutex_;
  std::vector<char> buffer_;
};

}  // namespace deskd
