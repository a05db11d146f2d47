// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "hal/base/loop.h"

namespace deskd {

// Runs the loop until `condition` holds, looking after each event. False if it does not within `most`.
inline bool runUntil(Loop& loop, const std::function<bool()>& condition,
                     Milliseconds most = Milliseconds(10000)) {
  bool late = false;
  Timer deadline(loop, [&] { late = true; });
  deadline.start(most);
  // A turn runs timers first and then waits for events, also when a timer has just decided it.
  Prepare beforeWaiting(loop, [&] {
    if (late || condition()) loop.stop();
  });
  while (!condition()) {
    if (late) return false;
    uv_run(loop.uv(), UV_RUN_ONCE);
  }
  return true;
}

// Runs the loop for a while: to see that something does not happen.
inline void runFor(Loop& loop, Milliseconds time) {
  runUntil(
      loop, [] { return false; }, time);
}

}  // namespace deskd
