// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/deskd/child_process.h"
#include "daemon/deskd/reaper.h"
#include "daemon/wire/channel.h"
#include "hal/base/loop.h"

namespace deskd {

// deskd-guard, the process that owns every output that moves something: started at once, started again when
// it dies, told of every script's process, and told that the supervisor lives while something is on.
class GuardLink {
 public:
  struct Options {
    std::string outputsPath;  // where the guard writes what it holds
    std::string boardPath;    // socket of a simulated board; empty: this machine's hardware
  };
  // A process's end of its socket to the guard: the first one, and another after the guard has died.
  using Connect = std::function<void(UniqueFd socket)>;

  GuardLink(Loop& loop, Reaper& reaper);

  // `ready` is called when what an earlier guard had on is safe; in any case after a while.
  void start(Options options, std::function<void()> ready);
  // `connect` comes before this returns if a guard runs.
  void attach(std::uint64_t process, const std::string& script, Connect connect);
  // The process has ended. `released` is called, perhaps at once, when nothing of it is on or held open by
  // the guard.
  void detach(std::uint64_t process, std::function<void()> released);
  // Nobody waits for this process any more.
  void forget(std::uint64_t process);
  // The script runs, or is gone.
  void settled(const std::string& script);
  // Lets the guard end, all of it safe. `stopped` is called when it has, or after a while.
  void stop(std::function<void()> stopped);
  int pid() const { return child_ ? child_->pid() : 0; }

 private:
  struct Process {
    std::string script;
    Connect connect;
    std::function<void()> released;  // set once it has ended
  };

  void launch();
  void receive(wire::Any&& message);
  void greeted();
  void ended(int status);
  void introduce(std::uint64_t number);
  void release(std::uint64_t process);
  void releaseEnded();
  void finish();

  Loop& loop_;
  Reaper& reaper_;
  Options options_;
  std::function<void()> ready_;
  std::function<void()> stopped_;
  bool greeted_ = false;  // this guard has taken over and is at work
  std::uint64_t startedMs_ = 0;
  int quickDeaths_ = 0;
  std::map<std::uint64_t, Process> processes_;
  Timer restart_;
  Timer giveUp_;
  Timer heartbeat_;
  std::unique_ptr<wire::Channel> channel_;
  std::unique_ptr<ChildProcess> child_;
};

}  // namespace deskd
