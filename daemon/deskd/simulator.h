// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/deskd/child_process.h"
#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// The simulated board and a desk behind a pseudo-terminal, in a process of their own: `deskd --sim`. Started
// again if it dies.
class Simulator {
 public:
  // In `directory` the desk's serial port and the board's socket appear; `ready` is called when they first
  // have.
  Simulator(Loop& loop, Reaper& reaper, const std::string& directory, std::function<void()> ready);
  ~Simulator();

  const std::string& serialPath() const { return link_; }
  const std::string& boardPath() const { return board_; }

 private:
  void start();
  void readOutput();

  Loop& loop_;
  Reaper& reaper_;
  const std::string link_;
  const std::string board_;
  std::function<void()> ready_;
  UniqueFd output_;
  std::string line_;
  std::optional<Poll> poll_;
  std::optional<ChildProcess> child_;
  Timer restart_;
};

}  // namespace deskd
