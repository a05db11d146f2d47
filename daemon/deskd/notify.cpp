// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/notify.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstdint>

namespace deskd {

Notify::Notify(Loop& loop) : watchdog_(loop, [] { ::sd_notify(0, "WATCHDOG=1"); }) {
  watchdog_.unref();
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) > 0) {
    const Milliseconds half(std::max<std::uint64_t>(1, microseconds / 2000));
    watchdog_.start(half, half);
  }
}

void Notify::ready() {
  ::sd_notify(0, "READY=1");
}

void Notify::status(const std::string& text) {
  ::sd_notify(0, ("STATUS=" + text).c_str());
}

void Notify::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds =
      static_cast<std::uint64_t>(now.tv_sec) * 1000000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
  ::sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds)).c_str());
}

void Notify::stopping() {
  ::sd_notify(0, "STOPPING=1");
}

}  // namespace deskd
