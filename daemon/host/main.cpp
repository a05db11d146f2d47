// SPDX-License-Identifier: Apache-2.0
// deskd-host: V8's side of deskd. The supervisor starts it as the zygote; by hand it runs one script.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>

#include "bindings/engine.h"
#include "daemon/host/foreground.h"
#include "daemon/host/process_limits.h"
#include "daemon/host/script_host.h"
#include "daemon/host/zygote.h"

namespace {

int zygote(deskd::Engine& engine, int socket) {
  // A terminal's Ctrl-C, or a service manager's signal to the whole group, reaches the hosts as well. When
  // they end is for the supervisor to say: it has them stop first what moves. Hosts inherit this; if it dies,
  // so do they.
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    ::signal(number, SIG_IGN);
  deskd::UniqueFd supervisor(socket);
  deskd::setProcessName("deskd-zygote");
  deskd::UniqueFd mine = deskd::runZygote(supervisor.get());
  if (!mine) return 0;
  supervisor.reset();
  return deskd::runScriptHost(engine, std::move(mine));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs one deskd script in the foreground, without supervisor and broker.", "deskd-host");
  deskd::ScriptInfo script;
  deskd::ScriptLimits limits;
  std::string serialPort;
  int socket = -1;
  bool version = false;
  bool check = false;
  app.add_option("--foreground,FILE", script.path, "The script to run");
  app.add_option("--library", script.libraryPath,
                 "Directory of the shipped scripts, whose files it may import");
  app.add_option("--settings-json", script.settingsJson, "The script's settings, as JSON");
  app.add_option("--board", script.boardPath, "Socket of a simulated board (deskd-sim --board)");
  app.add_option("--serial", serialPort, "Port that stands for every serial port but the simulated board's");
  app.add_option("--turn-ms", limits.turnMs, "Longest turn of its loop")->check(CLI::Range(10, 3600000));
  app.add_option("--heap-mib", limits.heapMib, "Limit of its JavaScript heap")->check(CLI::Range(8, 4096));
  app.add_option("--zygote", socket, "Descriptor of the supervisor's socket; given by deskd")->group("");
  app.add_flag("--check", check, "Only compile it and what it imports");
  app.add_flag("--test", script.testing, "Run its test cases, then end");
  app.add_flag("--version", version, "Print the version of V8");
  CLI11_PARSE(app, argc, argv);
  if (version) {
    std::printf("V8 %s\n", deskd::Engine::version().c_str());
    return 0;
  }
  try {
    ::signal(SIGPIPE, SIG_IGN);
    deskd::Engine engine;
    if (socket >= 0) return zygote(engine, socket);
    if (script.path.empty()) {
      std::fputs("deskd-host: expected a script, as in: deskd-host desk.js\n", stderr);
      return 2;
    }
    const auto slash = script.path.rfind('/');
    script.name = script.path.substr(slash == std::string::npos ? 0 : slash + 1);
    script.name = script.name.substr(0, script.name.find('.'));
    script.simulated = !script.boardPath.empty();
    return check ? deskd::checkScript(engine, script, limits)
                 : deskd::runForeground(engine, script, limits, serialPort);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deskd-host: %s\n", error.what());
    return 1;
  }
}
