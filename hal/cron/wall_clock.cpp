// SPDX-License-Identifier: Apache-2.0
#include "hal/cron/wall_clock.h"

#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <utility>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"

namespace deskd {
namespace {

constexpr std::int64_t madeAtMs = std::int64_t{DESKD_BUILD_DAY} * 86'400'000;

std::int64_t readMs(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

bool kernelSynchronised() {
  timex state{};
  // Only asks. A sandbox may forbid even that: then the kernel has no opinion.
  const int result = ::adjtimex(&state);
  return result >= 0 && result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

// Tells when something appears in a directory, or when the directory itself does.
class DirectoryWatch {
 public:
  DirectoryWatch(Loop& loop, std::string path, std::function<void()> changed)
      : path_(std::move(path)),
        changed_(std::move(changed)),
        fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
        poll_(loop, checked(fd_.get()), [this](int) { onEvent(); }) {
    watch();
    poll_.start(UV_READABLE);
  }

 private:
  static int checked(int fd) {
    if (fd < 0) throwErrno("watch directories");
    return fd;
  }

  // Until it is there, its parent is watched.
  void watch() {
    constexpr std::uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR;
    const std::string parent = path_.substr(0, path_.rfind('/'));
    if (::inotify_add_watch(fd_.get(), path_.c_str(), mask) < 0)
      parent_ = ::inotify_add_watch(fd_.get(), parent.c_str(), mask);
    else if (parent_ >= 0)
      ::inotify_rm_watch(fd_.get(), std::exchange(parent_, -1));
  }

  void onEvent() {
    alignas(inotify_event) std::array<char, 4096> events;
    while (::read(fd_.get(), events.data(), events.size()) > 0) {
    }
    watch();
    const auto changed = changed_;
    changed();  // may destroy this
  }

  const std::string path_;
  const std::function<void()> changed_;
  int parent_ = -1;
  UniqueFd fd_;
  Poll poll_;  // goes before the descriptor
};

class SystemClock final : public WallClock {
 public:
  SystemClock(Loop& loop, std::function<void()> look, ClockSources sources)
      : loop_(loop),
        look_(std::move(look)),
        sources_(std::move(sources)),
        timer_(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)),
        due_(loop, checked(timer_.get()), [this](int) { onTimer(); }) {
    told_ = askSynchronised();
  }

  ClockReading read() override {
    const bool synchronised = askSynchronised();  // the time is that of a moment later
    const std::int64_t now = readMs(CLOCK_REALTIME);
    return {now, readMs(CLOCK_BOOTTIME), synchronised, now >= madeAtMs};
  }

  void watch(std::optional<std::int64_t> atMs) override {
    // A time that has passed, or none at all, would disarm it.
    constexpr std::int64_t longest = std::numeric_limits<std::int32_t>::max();  // what every time_t holds
    constexpr std::int64_t farthest = sizeof(time_t) > 4 ? longest * 4 : longest;
    const std::int64_t at = std::clamp<std::int64_t>(atMs.value_or(farthest * 1000), 1, farthest * 1000);
    itimerspec when{};
    when.it_value.tv_sec = static_cast<time_t>(at / 1000);
    when.it_value.tv_nsec = at % 1000 * 1'000'000;
    constexpr int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    if (::timerfd_settime(timer_.get(), flags, &when, nullptr) != 0) {
      if (errno != ECANCELED) throwErrno("set a timer");
      // Somebody has set the clock since it was read: look at once.
      when.it_value = {0, 1};
      ::timerfd_settime(timer_.get(), 0, &when, nullptr);
    }
    due_.start(UV_READABLE);
    watchSynchronisation();
  }

  void rest() override {
    due_.stop();
    const itimerspec never{};
    ::timerfd_settime(timer_.get(), 0, &never, nullptr);
    appearing_.reset();
    askAgain_.reset();
  }

 private:
  static int checked(int fd) {
    if (fd < 0) throwErrno("make a timer");
    return fd;
  }

  bool askSynchronised() {
    synchronised_ = synchronised_ || ::access((sources_.timesync + "/synchronized").c_str(), F_OK) == 0 ||
                    (sources_.kernel ? sources_.kernel() : kernelSynchronised());
    return synchronised_;
  }

  // It may become synchronised at any moment, also in the middle of a look or of a call by the script: who
  // was not told of it in a look is told in another one, soon.
  void watchSynchronisation() {
    if (told_) {
      appearing_.reset();
      askAgain_.reset();
      return;
    }
    if (!askAgain_) {
      appearing_ =
          std::make_unique<DirectoryWatch>(loop_, sources_.timesync, [this] { lookIfSynchronised(); });
      askAgain_ = std::make_unique<Timer>(loop_, [this] { lookIfSynchronised(); });
      askAgain_->start(sources_.askAgain, sources_.askAgain);
    }
    if (askSynchronised()) askAgain_->start(Milliseconds(0), sources_.askAgain);
  }

  void lookIfSynchronised() {
    if (askSynchronised()) lookNow();
  }

  // ECANCELED says that somebody has set the clock, or that the machine was suspended.
  void onTimer() {
    std::uint64_t expirations = 0;
    const auto got = ::read(timer_.get(), &expirations, sizeof expirations);
    if (got < 0 && errno != ECANCELED) return;  // nothing was there
    lookNow();
  }

  void lookNow() {
    told_ = askSynchronised();
    look_();
  }

  Loop& loop_;
  const std::function<void()> look_;
  const ClockSources sources_;
  bool synchronised_ = false;
  bool told_ = false;  // look_ has seen it
  UniqueFd timer_;
  Poll due_;  // goes before the descriptor
  std::unique_ptr<DirectoryWatch> appearing_;
  std::unique_ptr<Timer> askAgain_;
};

}  // namespace

std::unique_ptr<WallClock> makeSystemClock(Loop& loop, std::function<void()> look, ClockSources sources) {
  return std::make_unique<SystemClock>(loop, std::move(look), std::move(sources));
}

}  // namespace deskd
