// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/deskd/child_process.h"
#include "daemon/deskd/reaper.h"
#include "daemon/wire/channel.h"
#include "hal/base/loop.h"

namespace deskd {

// How deskd-guard is called, but for what tells it that it is the spare.
struct GuardCommand {
  std::string program;
  std::vector<std::string> arguments;
};

// One deskd-guard and the socket to it. A handler may destroy it.
class GuardProcess {
 public:
  // The spare has no part in what happens until it is told TakeOver, and dies with the supervisor.
  enum class Role { guard, spare };
  struct Handlers {
    std::function<void(wire::Any&&)> message;
    std::function<void(int waitStatus)> ended;
  };

  // Throws std::system_error.
  GuardProcess(Loop& loop, Reaper& reaper, const GuardCommand& command, Role role, Handlers handlers);

  // From now on somebody else is told.
  void handOver(Handlers handlers) { handlers_ = std::move(handlers); }
  // False: dropped, as by wire::Channel, or because the socket is closed.
  bool post(const wire::Any& message, int descriptor = -1);
  // It runs, and close() was not called.
  bool listens() const { return pid() != 0 && channel_.has_value(); }
  // Which it takes for the supervisor's end.
  void close() { channel_.reset(); }
  void signal(int number) const { child_->signal(number); }
  // 0 once it has ended.
  int pid() const { return child_->pid(); }

 private:
  Handlers handlers_;
  std::optional<wire::Channel> channel_;
  std::optional<ChildProcess> child_;
};

}  // namespace deskd
