// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "hal/base/loop.h"

namespace deskd {

// Collects every child that ends, also those that come to this process because their parent has: it is the
// reaper of all its descendants. One in a process.
class Reaper {
 public:
  using Ended = std::function<void(int waitStatus)>;

  explicit Reaper(Loop& loop);

  // Calls `ended` from the loop once the child has ended, also if it has by now.
  void watch(int pid, Ended ended);
  // Its end is nobody's business any more, nor that of a later process with the same number.
  void forget(int pid);

  // "exited with code 1", "killed by signal 11 (SIGSEGV)".
  static std::string describe(int waitStatus);

 private:
  void collect();

  std::map<int, Ended> watched_;
  std::map<int, int> unclaimed_;  // status of children that ended before anyone asked
  std::set<int> forgotten_;       // that have not ended so far
  Signal childEnded_;
  Timer again_;
};

}  // namespace deskd
