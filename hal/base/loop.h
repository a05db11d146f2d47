// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <uv.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "hal/base/unique_fd.h"

namespace deskd {

using Milliseconds = std::chrono::milliseconds;

// One uv loop, owned. Everything made on it must be gone before it is: the destructor runs what is closing
// to its end and aborts the process, naming what was left open, if uv_loop_close() still finds something.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* uv() { return &loop_; }
  // Runs until stop(), or until nothing is left that keeps the loop alive.
  void run();
  void stop() { uv_stop(&loop_); }
  // Lets pending close callbacks run. Returns 0, or UV_EBUSY if handles are still open.
  int close();
  // Milliseconds of a clock that never jumps; cached by the loop once per turn.
  std::uint64_t nowMs() { return uv_now(&loop_); }

 private:
  uv_loop_t loop_{};
  bool closed_ = false;
};

// Base of the faces below: the handle's memory belongs to uv until its close callback, the face to us.
template <class Handle>
class UvHandle {
 public:
  UvHandle() = default;
  UvHandle(const UvHandle&) = delete;
  UvHandle& operator=(const UvHandle&) = delete;

  // Whether this handle keeps Loop::run() going.
  void ref() { uv_ref(handle()); }
  void unref() { uv_unref(handle()); }

 protected:
  ~UvHandle() {
    if (block_ == nullptr) return;  // failInit()
    block_->owner = nullptr;
    uv_close(handle(), [](uv_handle_t* closed) { delete static_cast<Block*>(closed->data); });
  }

  struct Block {
    Handle uv{};
    void* owner = nullptr;  // the face, null once it is gone
  };

  uv_handle_t* handle() { return reinterpret_cast<uv_handle_t*>(&block_->uv); }
  Handle* raw() { return &block_->uv; }
  void own(void* face) {
    block_->owner = face;
    block_->uv.data = block_;
  }
  template <class Face>
  static Face* faceOf(Handle* uv) {
    return static_cast<Face*>(static_cast<Block*>(uv->data)->owner);
  }
  // Before uv_..._init() has succeeded nothing may be closed: frees the block and lets the constructor throw.
  [[noreturn]] void failInit(int uvError, const char* what);

  Block* block_ = new Block;
};

// Calls back once after a delay, or again and again. The callback may destroy the timer.
class Timer : private UvHandle<uv_timer_t> {
 public:
  Timer(Loop& loop, std::function<void()> onTimeout);
  void start(Milliseconds delay, Milliseconds repeat = Milliseconds(0));
  void stop();
  bool active() const;
  using UvHandle::ref;
  using UvHandle::unref;

 private:
  std::function<void()> onTimeout_;
};

// Calls back with UV_READABLE and/or UV_WRITABLE, or with a negative uv error, while a descriptor is ready.
// Level triggered. The caller keeps the descriptor open for as long as this lives.
class Poll : private UvHandle<uv_poll_t> {
 public:
  Poll(Loop& loop, int fd, std::function<void(int events)> onReady);
  void start(int events);
  void stop();
  using UvHandle::ref;
  using UvHandle::unref;

 private:
  std::function<void(int)> onReady_;
};

// Lets another thread wake the loop; wakes that come close together are one call.
//
// An eventfd of its own, not uv_async: woken on the sender's processor, that spins until the sender, whom it
// keeps from running, has left uv_async_send() (25 us and a yield, every time).
class Wake {
 public:
  Wake(Loop& loop, std::function<void()> onWake);
  void send();  // from any thread
  void ref() { poll_.ref(); }
  void unref() { poll_.unref(); }

 private:
  void woken();

  std::function<void()> onWake_;
  UniqueFd event_;
  std::atomic<bool> sent_ = false;  // and not taken yet
  Poll poll_;                       // after the descriptor: stops before it closes
};

// Calls back on the loop when the process receives a signal.
class Signal : private UvHandle<uv_signal_t> {
 public:
  Signal(Loop& loop, int number, std::function<void()> onSignal);
  using UvHandle::ref;
  using UvHandle::unref;

 private:
  std::function<void()> onSignal_;
};

// Calls back before or after the loop waits for events.
class Prepare : private UvHandle<uv_prepare_t> {
 public:
  Prepare(Loop& loop, std::function<void()> onPrepare);
  using UvHandle::ref;
  using UvHandle::unref;

 private:
  std::function<void()> onPrepare_;
};

}  // namespace deskd
