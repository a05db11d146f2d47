// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "hal/base/loop.h"
#include "hal/board.h"
#include "hal/board_socket.h"
#include "hal/sim/board_runner.h"
#include "hal/sim/board_server.h"
#include "tests/fakes/temp_directory.h"

namespace deskd::test {

constexpr int kBoardPatienceMs = 10'000;

// A simulated board with its server in a thread of its own, as deskd-sim has it in a process.
class BoardThread {
 public:
  explicit BoardThread(const SimBoardOptions& options = {}) {
    std::promise<Started> started;
    auto ready = started.get_future();
    // The thread's own: this one may be past here before set_value() has returned.
    thread_ = std::thread([this, options, told = std::move(started)]() mutable { run(options, told); });
    started_ = ready.get();
  }
  ~BoardThread() { end(); }
  BoardThread(const BoardThread&) = delete;
  BoardThread& operator=(const BoardThread&) = delete;

  std::string path() const { return directory_.path("board"); }
  std::string recordPath() const { return directory_.path("record"); }
  const TempDirectory& directory() const { return directory_; }
  void end() {
    if (!thread_.joinable()) return;
    started_.stop->send();
    thread_.join();
  }

 private:
  struct Started {
    Wake* stop = nullptr;
  };
  void run(const SimBoardOptions& options, std::promise<Started>& started) {
    Loop loop;
    Wake stop(loop, [&] { loop.stop(); });
    BoardRunner runner(loop, options, recordPath(), path());
    const BoardServer server(runner, path());
    started.set_value({&stop});
    loop.run();
  }

  TempDirectory directory_;
  Started started_;
  std::thread thread_;
};

inline bool readable(int fd, int timeoutMs = kBoardPatienceMs) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, timeoutMs) == 1;
}

class SimBoardTest : public testing::Test {
 protected:
  // As whoever drives the simulation.
  std::string say(const std::string& command) { return control_.request(command).text; }

  BoardThread thread_;
  BoardSocket control_{thread_.path()};
};

}  // namespace deskd::test
