// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/reaper.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstring>

#include "hal/base/error.h"

namespace deskd {

namespace {

// Children of children that nobody will ask for; enough for the moment between a fork and its answer.
constexpr std::size_t mostUnclaimed = 64;

}  // namespace

Reaper::Reaper(Loop& loop)
    : childEnded_(loop, SIGCHLD, [this] { collect(); }), again_(loop, [this] { collect(); }) {
  childEnded_.unref();
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throwErrno("become the reaper of all scripts");
}

void Reaper::watch(int pid, Ended ended) {
  forgotten_.erase(pid);
  watched_[pid] = std::move(ended);
  if (unclaimed_.contains(pid)) again_.start(Milliseconds(0));
}

void Reaper::forget(int pid) {
  watched_.erase(pid);
  if (unclaimed_.erase(pid) == 0) forgotten_.insert(pid);
}

void Reaper::collect() {
  int status = 0;
  for (int pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
    if (forgotten_.erase(pid) != 0) continue;
    if (!watched_.contains(pid) && unclaimed_.size() >= mostUnclaimed) unclaimed_.erase(unclaimed_.begin());
    unclaimed_[pid] = status;
  }
  for (auto item = unclaimed_.begin(); item != unclaimed_.end();) {
    const auto found = watched_.find(item->first);
    if (found == watched_.end()) {
      ++item;
      continue;
    }
    const Ended ended = std::move(found->second);
    const int how = item->second;
    watched_.erase(found);
    unclaimed_.erase(item);
    ended(how);
    item = unclaimed_.begin();  // the callback may have watched or forgotten others
  }
}

std::string Reaper::describe(int waitStatus) {
  if (WIFEXITED(waitStatus)) return "exited with code " + std::to_string(WEXITSTATUS(waitStatus));
  if (!WIFSIGNALED(waitStatus)) return "ended with status " + std::to_string(waitStatus);
  const int number = WTERMSIG(waitStatus);
  const char* name = ::sigabbrev_np(number);
  return "killed by signal " + std::to_string(number) +
         (name != nullptr ? " (SIG" + std::string(name) + ")" : "");
}

}  // namespace deskd
