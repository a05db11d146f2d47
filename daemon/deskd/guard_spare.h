// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "daemon/deskd/guard_process.h"

namespace deskd {

// A second deskd-guard that is started already and waits for the one at work to end, so that on a busy board
// what is on need not wait for a process to start. Without one, as after its own death, the next guard is
// started when it is needed.
class GuardSpare {
 public:
  GuardSpare(Loop& loop, Reaper& reaper);

  // From now on one waits; where it dies, another, after a pause that grows up to `longestPause`.
  void keep(const GuardCommand& command, Milliseconds longestPause);
  // The spare, told to take over, and whether it had said that it waits. Nothing: there is none. There is no
  // other until keep().
  struct Guard {
    std::unique_ptr<GuardProcess> process;
    bool waited = false;
  };
  Guard activate(GuardProcess::Handlers handlers);
  // `stopped` is called, perhaps at once, when there is none any more and will be none.
  void stop(std::function<void()> stopped);
  // 0: there is none.
  int pid() const { return process_ ? process_->pid() : 0; }
  // It has said that it does.
  bool waits() const { return waits_; }

 private:
  void launch();
  void failed(const std::string& how);
  Milliseconds pause() const;

  Loop& loop_;
  Reaper& reaper_;
  GuardCommand command_;
  Milliseconds longestPause_{};
  std::function<void()> stopped_;
  bool stopping_ = false;
  bool waits_ = false;
  int failures_ = 0;  // in a row
  std::uint64_t startedMs_ = 0;
  Timer restart_;
  std::unique_ptr<GuardProcess> process_;
};

}  // namespace deskd
