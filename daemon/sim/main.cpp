// SPDX-License-Identifier: Apache-2.0
// deskd-sim: a simulated standing desk on a serial cable, and a simulated board.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <optional>

#include "daemon/sim/control.h"
#include "daemon/sim/line_input.h"
#include "daemon/sim/options.h"
#include "daemon/sim/trace.h"
#include "hal/base/loop.h"
#include "hal/sim/board_runner.h"
#include "hal/sim/board_server.h"
#include "hal/sim/jiecang_runner.h"

namespace deskd {
namespace {

// The board, if there is one, with the socket that it is reached by.
struct BoardOnSocket {
  BoardOnSocket(Loop& loop, const SimOptions& options)
      : runner(loop, options.board, options.recordPath, options.boardPath),
        server(runner, options.boardPath) {}
  BoardRunner runner;
  BoardServer server;
};

bool isForBoard(std::string_view line) {
  return line.starts_with("gpio ") || line.starts_with("i2c ") || line.starts_with("sim ");
}

int run(const SimOptions& options) {
  Loop loop;
  const Signal onTerm(loop, SIGTERM, [&] { loop.stop(); });
  const Signal onInt(loop, SIGINT, [&] { loop.stop(); });
  Trace trace(options.tracePath);
  std::optional<JiecangRunner> desk;
  if (options.withDesk) {
    desk.emplace(loop, options.desk, options.cable,
                 [&](std::uint64_t atMs, std::string_view what) { trace.write(atMs, what); });
  }
  std::optional<BoardOnSocket> board;
  if (!options.boardPath.empty()) board.emplace(loop, options);
  const LineHandler handle = [&](std::string_view line) {
    if (board && isForBoard(line)) return board->server.execute(line);
    return desk ? obey(*desk, line) : "error: expected a command for the board, found " + std::string(line);
  };
  const StandardInput input(loop, handle);
  std::optional<ControlSocket> control;
  if (!options.controlPath.empty()) control.emplace(loop, options.controlPath, handle);
  std::printf("ready %s\n", desk ? desk->path().c_str() : options.boardPath.c_str());
  std::fflush(stdout);
  loop.run();
  return 0;
}

}  // namespace
}  // namespace deskd

int main(int argc, char** argv) {
  const pid_t parent = ::getppid();
  const auto parsed = deskd::parseSimOptions(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  const auto& options = std::get<deskd::SimOptions>(parsed);
  ::signal(SIGPIPE, SIG_IGN);
  if (options.dieWithParent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) return 0;  // it ended before the kernel was told
  }
  try {
    return deskd::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deskd-sim: %s\n", error.what());
    return 1;
  }
}
