// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "hal/base/loop.h"

namespace deskd {

// A bounded queue into a loop. post() may be called from any thread and refuses when the queue is full; the
// receiver is handed everything that has come in, in order, on the loop's thread.
template <class T>
class Mailbox {
 public:
  Mailbox(Loop& loop, std::size_t capacity, std::function<void(T)> receive)
      : capacity_(capacity), receive_(std::move(receive)), wake_(loop, [this] { drain(); }) {}

  // False, and the value is dropped and counted, if `capacity` values wait already.
  bool post(T value) {
    {
      const std::lock_guard lock(mutex_);
      if (queue_.size() >= capacity_) {
        ++dropped_;
        return false;
      }
      queue_.push_back(std::move(value));
    }
    wake_.send();
    return true;
  }

  // Whether it keeps the loop running; it does until told otherwise.
  void unref() { wake_.unref(); }

  std::size_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  void drain() {
    std::deque<T> taken;
    {
      const std::lock_guard lock(mutex_);
      taken.swap(queue_);
    }
    for (T& value : taken)
      receive_(std::move(value));
  }

  const std::size_t capacity_;
  std::function<void(T)> receive_;
  mutable std::mutex mutex_;
  std::deque<T> queue_;
  std::size_t dropped_ = 0;
  Wake wake_;
};

}  // namespace deskd
