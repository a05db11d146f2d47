// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/board_runner.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "hal/base/error.h"
#include "hal/sim/monotonic.h"

namespace deskd {

BoardRunner::BoardRunner(Loop& loop, const SimBoardOptions& options, const std::string& recordPath,
                         const std::string& serialPrefix)
    : loop_(loop),
      board_(options),
      recorder_(board_.lines(), recordPath),
      serial_(loop, serialPrefix),
      plants_(board_, serial_, [this](const auto& action) { act(action); }),
      timer_([] {
        UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
        if (!timer) throwErrno("create timer");
        return timer;
      }()),
      poll_(loop, timer_.get(), [this](int) {
        std::uint64_t expirations = 0;
        [[maybe_unused]] const auto read = ::read(timer_.get(), &expirations, sizeof expirations);
        act([](std::uint64_t) {});
      }) {
  poll_.start(UV_READABLE);
}

void BoardRunner::act(const std::function<void(std::uint64_t)>& action) {
  const std::uint64_t now = advance();
  try {
    action(now);
  } catch (...) {
    plants_.deliver();
    rearm();
    throw;
  }
  plants_.deliver();
  rearm();
}

std::uint64_t BoardRunner::advance() {
  nowNs_ = std::max(nowNs_, monotonicNs());
  const auto next = [this] { return earlier(board_.nextNs(), plants_.nextNs()); };
  // A plant that is always due must not keep the board from those who ask; the timer goes on with it.
  constexpr int most = 100'000;
  int count = 0;
  for (auto due = next(); due && *due <= nowNs_ && count < most; due = next(), ++count) {
    board_.advance(*due);
    plants_.deliver();
    plants_.advance(*due);
    plants_.deliver();
  }
  return nowNs_;
}

void BoardRunner::rearm() {
  constexpr std::uint64_t second = 1'000'000'000;
  itimerspec when{};
  if (const auto next = earlier(board_.nextNs(), plants_.nextNs())) {
    const std::uint64_t at = std::max<std::uint64_t>(*next, 1);  // 0 would disarm it
    when.it_value.tv_sec = static_cast<time_t>(at / second);
    when.it_value.tv_nsec = static_cast<long>(at % second);
  }
  if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0) throwErrno("set timer");
}

}  // namespace deskd
