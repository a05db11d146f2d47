// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hal/base/loop.h"

namespace deskd {

// What systemd is told of this service. Without systemd every call does nothing.
class Notify {
 public:
  explicit Notify(Loop& loop);

  void ready();
  void status(const std::string& text);
  void reloading();
  void stopping();

 private:
  // Half of the watchdog's time, from this loop: a loop that is stuck sends nothing.
  Timer watchdog_;
};

}  // namespace deskd
