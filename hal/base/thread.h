// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <functional>
#include <string>

namespace deskd {

// A thread that signals leave alone. Its stack is small: std::thread's 8 MiB count against what a process may
// have.
class Thread {
 public:
  Thread() = default;
  ~Thread();  // joins
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  // Throws std::system_error, naming what the thread is for.
  void start(const std::string& what, std::function<void()> run);
  bool started() const { return started_; }
  void join();
  // It goes on by itself, with everything that it uses.
  void detach();

 private:
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace deskd
