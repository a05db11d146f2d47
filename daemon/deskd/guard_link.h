// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/deskd/guard_process.h"
#include "daemon/deskd/guard_spare.h"
#include "hal/base/program_path.h"

namespace deskd {

// deskd-guard, the process that owns every output that moves something: started at once, replaced when it
// dies by a spare that is started already (or by another one, where there is none), killed for that when it
// does not answer, told of every script's process, and told that the supervisor lives while something is on.
class GuardLink {
 public:
  struct Options {
    std::string outputsPath;  // where the guard writes what it holds
    std::string boardPath;    // socket of a simulated board; empty: this machine's hardware
    std::string program = programPath("deskd-guard");
    // Scripts are not held up for longer by a guard that does not come, or does not answer.
    Milliseconds longestWait = Milliseconds(2000);
    Milliseconds longestPause = Milliseconds(10000);  // before it is started again
    Milliseconds longestStart = Milliseconds(10000);  // on a board that is busy with its own start
    std::function<void()> changed = [] {};            // what works() says
  };
  // A process's end of its socket to the guard: the first one, and another after the guard has died.
  using Connect = std::function<void(UniqueFd socket)>;

  GuardLink(Loop& loop, Reaper& reaper);

  // `ready` is called when what an earlier guard had on is safe; in any case after a while.
  void start(Options options, std::function<void()> ready);
  // `connect` comes before this returns if a guard runs.
  // `lines`: that it is granted.
  void attach(std::uint64_t process, const std::string& script, std::vector<std::string> lines,
              Connect connect);
  // The process has ended. `released` is called, perhaps at once, when nothing of it is on or held open by
  // the guard; also when no guard runs, or does not say so for a while.
  void detach(std::uint64_t process, std::function<void()> released);
  // Nobody waits for this process any more.
  void forget(std::uint64_t process);
  // The script runs, or is gone.
  void settled(const std::string& script);
  // Lets the guard end, all of it safe. `stopped` is called when it has, or after a while.
  void stop(std::function<void()> stopped);
  int pid() const { return guard_ ? guard_->pid() : 0; }
  const GuardSpare& spare() const { return spare_; }
  // Whether scripts can move anything.
  bool works() const { return working_; }

 private:
  struct Process {
    std::string script;
    std::vector<std::string> lines;
    Connect connect;
    std::function<void()> released;  // set once it has ended
  };

  void launch();
  GuardCommand command() const;
  void receive(wire::Any&& message);
  void greeted();
  void ended(int status);
  void introduce(std::uint64_t number);
  void introduceAll();
  void release(std::uint64_t process);
  void releaseEnded();
  void silent();
  void beat();
  void missed();
  void stopHeartbeat();
  void setWorking(bool working);
  void stopGuard();
  void finish();

  Loop& loop_;
  Reaper& reaper_;
  Options options_;
  std::function<void()> ready_;
  std::function<void()> stopped_;
  bool working_ = false;  // this guard has taken over and is at work
  bool alone_ = false;    // but processes are not introduced to it yet
  std::string trouble_;   // why there is none, as was told; empty if nothing was
  std::uint64_t startedMs_ = 0;
  int quickDeaths_ = 0;   // in a row, and likewise
  int failedStarts_ = 0;  // those that died before they had taken over
  std::map<std::uint64_t, Process> processes_;
  Timer restart_;
  Timer giveUp_;
  Timer silence_;  // while the guard owes an answer: that it has taken over, or is done with a process
  Timer heartbeat_;
  Timer unanswered_;  // while a heartbeat is
  enum class Waiting { no, forAnswer, onceMore };
  Waiting waiting_ = Waiting::no;
  Milliseconds answerWithin_{};
  GuardSpare spare_;
  std::unique_ptr<GuardProcess> guard_;
};

}  // namespace deskd
