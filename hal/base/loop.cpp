// SPDX-License-Identifier: Apache-2.0
#include "hal/base/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "hal/base/error.h"

namespace deskd {
namespace {

[[noreturn]] void throwUv(int error, const char* what) {
  throw std::runtime_error(std::string(what) + ": " + uv_strerror(error));
}

// A C library may not see an exception: what a callback throws here is a bug, and it ends the process with a
// name.
template <class F, class... A>
void guarded(const F& callback, A... arguments) noexcept {
  const auto keep = callback;  // the callback may destroy the face that holds it
  keep(arguments...);
}

UniqueFd newEvent() {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) throwErrno("create wake-up");
  return event;
}

}  // namespace

Loop::Loop() {
  if (const int error = uv_loop_init(&loop_); error != 0) throwUv(error, "create event loop");
}

Loop::~Loop() {
  if (close() == 0) return;
  std::fputs("deskd: event loop destroyed with open handles:\n", stderr);
  uv_print_all_handles(&loop_, stderr);
  std::abort();
}

void Loop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}

int Loop::close() {
  if (closed_) return 0;
  // uv_close() only asks: the memory goes back in the callback, which the loop runs. Handles that are still
  // open would keep UV_RUN_DEFAULT waiting, so this turns without waiting until nothing more is closing.
  int result = uv_loop_close(&loop_);
  for (int turn = 0; result == UV_EBUSY && turn < 16; ++turn) {
    uv_run(&loop_, UV_RUN_NOWAIT);
    result = uv_loop_close(&loop_);
  }
  closed_ = result == 0;
  return result;
}

template <class Handle>
void UvHandle<Handle>::failInit(int uvError, const char* what) {
  delete block_;
  block_ = nullptr;
  throwUv(uvError, what);
}

Timer::Timer(Loop& loop, std::function<void()> onTimeout) : onTimeout_(std::move(onTimeout)) {
  own(this);
  uv_timer_init(loop.uv(), raw());
}

void Timer::start(Milliseconds delay, Milliseconds repeat) {
  // Without this the delay counts from the start of the turn, and a timer set late in a long turn fires
  // early.
  uv_update_time(raw()->loop);
  uv_timer_start(
      raw(),
      [](uv_timer_t* timer) {
        if (auto* face = faceOf<Timer>(timer)) guarded(face->onTimeout_);
      },
      static_cast<std::uint64_t>(delay.count()), static_cast<std::uint64_t>(repeat.count()));
}

void Timer::stop() {
  uv_timer_stop(raw());
}

bool Timer::active() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(&block_->uv)) != 0;
}

Poll::Poll(Loop& loop, int fd, std::function<void(int)> onReady) : onReady_(std::move(onReady)) {
  own(this);
  if (const int error = uv_poll_init(loop.uv(), raw(), fd); error != 0) failInit(error, "watch descriptor");
}

void Poll::start(int events) {
  uv_poll_start(raw(), events, [](uv_poll_t* poll, int status, int ready) {
    if (auto* face = faceOf<Poll>(poll)) guarded(face->onReady_, status < 0 ? status : ready);
  });
}

void Poll::stop() {
  uv_poll_stop(raw());
}

Wake::Wake(Loop& loop, std::function<void()> onWake)
    : onWake_(std::move(onWake)), event_(newEvent()), poll_(loop, event_.get(), [this](int) { woken(); }) {
  poll_.start(UV_READABLE);
}

void Wake::send() {
  if (sent_.exchange(true)) return;  // the call that is still to come is for this one too
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
}

// First empty, then ready for the next: whoever still finds it sent has put its work there before this call.
void Wake::woken() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(event_.get(), &count, sizeof count);
  sent_.exchange(false);
  const auto keep = onWake_;  // it may destroy us
  keep();
}

Signal::Signal(Loop& loop, int number, std::function<void()> onSignal) : onSignal_(std::move(onSignal)) {
  own(this);
  if (const int error = uv_signal_init(loop.uv(), raw()); error != 0) failInit(error, "watch signal");
  uv_signal_start(
      raw(),
      [](uv_signal_t* signal, int) {
        if (auto* face = faceOf<Signal>(signal)) guarded(face->onSignal_);
      },
      number);
}

Prepare::Prepare(Loop& loop, std::function<void()> onPrepare) : onPrepare_(std::move(onPrepare)) {
  own(this);
  uv_prepare_init(loop.uv(), raw());
  uv_prepare_start(raw(), [](uv_prepare_t* prepare) {
    if (auto* face = faceOf<Prepare>(prepare)) guarded(face->onPrepare_);
  });
}

}  // namespace deskd
