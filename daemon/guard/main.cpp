// SPDX-License-Identifier: Apache-2.0
// deskd-guard: owns the outputs that move something. deskd starts it; by hand it makes outputs safe
// (--release).
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "daemon/guard/guard.h"
#include "daemon/guard/spare.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

MotionRules::Time monotonicNow() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// A full pipe or a stopped terminal must not hold up what comes after the line.
void printUnlessItBlocks(const LogRecord& record) {
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  const std::string line = plainLine(record) + "\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

void prepare() {
  // When it ends is for the supervisor to say, by ending: a signal to the whole group must not leave a motor
  // on.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
    ::signal(number, SIG_IGN);
  // Before scripts that keep the processor busy, where the service may; elsewhere it must do without.
  sched_param first{};
  first.sched_priority = 1;
  ::sched_setscheduler(0, SCHED_FIFO, &first);
}

int guard(Board& board, int supervisor, const std::string& outputsPath) {
  Loop loop;
  Guard* toSupervisor = nullptr;
  setLogSink([&](const LogRecord& record) {
    if (toSupervisor == nullptr || !toSupervisor->tell(record)) printUnlessItBlocks(record);
  });
  Guard guard(loop, board, UniqueFd(supervisor), {outputsPath, monotonicNow});
  toSupervisor = &guard;
  loop.run();
  setLogSink(printUnlessItBlocks);
  return 0;
}

}  // namespace
}  // namespace deskd

int main(int argc, char** argv) {
  CLI::App app("Holds the outputs that move something, and makes them safe.", "deskd-guard");
  std::string outputsPath = "/run/deskd/outputs";
  std::string boardPath;
  int supervisor = -1;
  bool release = false;
  bool spare = false;
  app.add_flag("--release", release,
               "Drive what the outputs file lists to its safe level, and end. For when deskd does not run");
  app.add_option("--outputs", outputsPath, "The outputs file")->capture_default_str();
  app.add_option("--board", boardPath, "Socket of a simulated board (deskd-sim --board)");
  app.add_option("--supervisor", supervisor, "Descriptor of the supervisor's socket; given by deskd")
      ->group("");
  app.add_flag("--spare", spare, "Wait until the supervisor says that the guard at work has ended")
      ->group("");
  CLI11_PARSE(app, argc, argv);
  if (release == (supervisor >= 0)) {
    std::fputs("deskd-guard: expected --release (deskd itself starts it otherwise)\n", stderr);
    return 2;
  }
  try {
    if (!release) deskd::prepare();
    if (!release && spare && !deskd::waitAsSpare(supervisor)) return 0;
    const auto board = boardPath.empty() ? deskd::makeLinuxBoard() : deskd::makeSimBoard(boardPath);
    if (release) return deskd::releaseOutputs(*board, outputsPath) == 0 ? 0 : 1;
    return deskd::guard(*board, supervisor, outputsPath);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deskd-guard: %s\n", error.what());
    return 1;
  }
}
