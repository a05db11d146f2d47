// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/simulator.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <filesystem>

#include "hal/base/log.h"

namespace deskd {

namespace {
constexpr Milliseconds pauseBeforeRestart(500);
}  // namespace

Simulator::Simulator(Loop& loop, Reaper& reaper, const std::string& directory, std::function<void()> ready)
    : loop_(loop),
      reaper_(reaper),
      link_(directory + "/jiecang"),
      board_(directory + "/board"),
      ready_(std::move(ready)),
      restart_(loop, [this] { start(); }) {
  start();
}

Simulator::~Simulator() {
  poll_.reset();
  std::error_code ignored;
  std::filesystem::remove(link_, ignored);
  std::filesystem::remove(board_, ignored);
}

void Simulator::start() {
  poll_.reset();
  child_.reset();
  child_.emplace(
      reaper_, programPath("deskd-sim"),
      std::vector<std::string>{"--link", link_, "--board", board_, "--die-with-parent"}, UniqueFd(),
      [this](int status) {
        log(Priority::error, "simulated board " + Reaper::describe(status) + ", starting another");
        poll_.reset();
        restart_.start(pauseBeforeRestart);
      },
      ChildProcess::WithoutParent::dies, &output_);
  const int flags = ::fcntl(output_.get(), F_GETFL);
  ::fcntl(output_.get(), F_SETFL, flags | O_NONBLOCK);
  line_.clear();
  poll_.emplace(loop_, output_.get(), [this](int) { readOutput(); });
  poll_->start(UV_READABLE);
}

void Simulator::readOutput() {
  char buffer[256];
  const ssize_t got = ::read(output_.get(), buffer, sizeof buffer);
  if (got <= 0) return poll_->stop();
  line_.append(buffer, static_cast<std::size_t>(got));
  if (line_.find('\n') == std::string::npos) return;
  line_.clear();
  if (const auto tell = std::exchange(ready_, nullptr)) tell();
}

}  // namespace deskd
