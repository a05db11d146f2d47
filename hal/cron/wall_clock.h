// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hal/base/loop.h"

namespace deskd {

struct ClockReading {
  std::int64_t wallMs = 0;     // since 1970, as the clock is set
  std::int64_t elapsedMs = 0;  // since some moment: never jumps, and goes on while the machine is suspended
  // Somebody who knows the time has set the clock. Boards without a battery start with a wrong one.
  bool synchronised = false;
  // Not before this program was made.
  bool plausible = false;
};

// The wall clock, and when to look at it.
class WallClock {
 public:
  virtual ~WallClock() = default;
  virtual ClockReading read() = 0;
  // From now on, until rest(), look() is called and the loop kept going: when the clock shows `atMs` or
  // later, when it is set, and when it becomes synchronised.
  virtual void watch(std::optional<std::int64_t> atMs) = 0;
  virtual void rest() = 0;
};

// Where the system says whether its clock is synchronised.
struct ClockSources {
  // systemd-timesyncd makes the file "synchronized" there.
  std::string timesync = "/run/systemd/timesync";
  // What the kernel was told, by chrony and others.
  std::function<bool()> kernel;
  // Neither tells every change of the kernel's opinion; it is asked again this often until it is yes.
  Milliseconds askAgain{60'000};
};

// The kernel's clock. Once synchronised it counts as that for as long as this lives: a network that goes away
// makes no clock wrong. `look` may be called late, never early, and not after the clock is gone.
std::unique_ptr<WallClock> makeSystemClock(Loop& loop, std::function<void()> look, ClockSources sources = {});

}  // namespace deskd
