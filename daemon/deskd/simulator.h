// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/deskd/child_process.h"
#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// The simulated desk, in a process of its own behind a pseudo-terminal: `deskd --sim`. Started again if it
// dies.
class Simulator {
 public:
  // `link` is where its serial port appears; `ready` is called when it first does.
  Simulator(Loop& loop, Reaper& reaper, std::string link, std::function<void()> ready);
  ~Simulator();

  const std::string& serialPath() const { return link_; }

 private:
  void start();
  void readOutput();

  Loop& loop_;
  Reaper& reaper_;
  const std::string link_;
  std::function<void()> ready_;
  UniqueFd output_;
  std::string line_;
  std::optional<Poll> poll_;
  std::optional<ChildProcess> child_;
  Timer restart_;
};

}  // namespace deskd
