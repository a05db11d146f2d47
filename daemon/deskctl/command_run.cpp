// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <atomic>
#include <memory>
#include <optional>

#include "daemon/deskctl/command.h"
#include "daemon/deskctl/program.h"
#include "daemon/deskctl/script_file.h"
#include "daemon/deskctl/simulation.h"

namespace deskd {
namespace {

std::atomic<pid_t> host = 0;

// The script ends in its own way, onUnload() included. What a terminal sends, it has received itself.
void passOn(int number, siginfo_t* info, void*) {
  const pid_t pid = host;
  if (pid > 0 && info->si_code != SI_KERNEL) ::kill(pid, number);
}

void passSignalsOn() {
  struct sigaction action {};
  action.sa_sigaction = passOn;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    ::sigaction(number, &action, nullptr);
}

struct RunOptions {
  std::string file;
  bool simulate = false;
  std::string boardPath;
  std::string settingsJson;
};

int run(const Context& context, const RunOptions& options) {
  std::optional<ScriptFile> script = readScriptFile(context, options.file);
  if (!script) return exitFailed;
  if (!options.settingsJson.empty()) script->settingsJson = options.settingsJson;
  std::vector<std::string> arguments = script->hostArguments();
  passSignalsOn();
  std::optional<Simulation> simulation;
  if (options.simulate) {
    simulation.emplace();
    for (std::string& argument : simulation->hostArguments())
      arguments.push_back(std::move(argument));
  }
  if (!options.boardPath.empty()) arguments.insert(arguments.end(), {"--board", options.boardPath});
  arguments.insert(arguments.end(), {"--foreground", script->path});
  Program program("deskd-host", arguments);
  host = program.pid();
  const int code = program.wait();
  host = 0;
  return code == 0 ? exitGood : exitFailed;
}

}  // namespace

void addRun(Commands& commands) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command = commands.add("run", "Run one script here, without service and broker",
                                   [options](const Context& context) { return run(context, *options); });
  command->add_option("FILE", options->file, "The script, with NAME.toml beside NAME.js")->required();
  CLI::Option* simulate = command->add_flag("--sim", options->simulate, "On a simulated board, with a desk");
  command->add_option("--board", options->boardPath, "On a board that deskd-sim simulates")
      ->type_name("SOCKET")
      ->excludes(simulate);
  command->add_option("--settings-json", options->settingsJson, "Settings instead of NAME.toml")
      ->type_name("JSON");
}

}  // namespace deskd
