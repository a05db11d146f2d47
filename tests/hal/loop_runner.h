// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "hal/base/loop.h"

namespace deskd::test {

// Turns the loop until something has happened; false if that takes so long that it never will.
inline bool runUntil(Loop& loop, const std::function<bool()>& happened,
                     Milliseconds limit = Milliseconds(10'000)) {
  bool late = false;
  Timer giveUp(loop, [&] { late = true; });
  giveUp.start(limit);
  // Asked before the loop waits: what a timer has just done must not have to wait for the next event.
  Prepare ask(loop, [&] {
    if (happened() || late) loop.stop();
  });
  loop.run();
  return happened();
}

// The same for what happens elsewhere, in a thread or a process, and does not wake the loop.
inline bool runUntilSeen(Loop& loop, const std::function<bool()>& happened) {
  Timer look(loop, [] {});
  look.start(Milliseconds(1), Milliseconds(1));
  return runUntil(loop, happened);
}

// Turns the loop for a while, to see that something does not happen.
inline void runFor(Loop& loop, Milliseconds duration) {
  runUntil(
      loop, [] { return false; }, duration);
}

}  // namespace deskd::test
