// SPDX-License-Identifier: Apache-2.0
// deskctl: what a person steers deskd with.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "daemon/deskctl/command.h"
#include "daemon/deskctl/command_error.h"
#include "hal/base/nearest.h"

namespace {

// CLI11 says of one only that a command is missing.
bool saysUnknownCommand(const CLI::App& app) {
  if (!app.get_subcommands().empty()) return false;
  const std::vector<std::string> left = app.remaining();
  const auto word =
      std::find_if(left.begin(), left.end(), [](const std::string& item) { return !item.starts_with("-"); });
  if (word == left.end()) return false;
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(command->get_name());
  const std::string meant = deskd::nearest(*word, known);
  std::fprintf(stderr, "deskctl: there is no command %s%s\n", word->c_str(),
               meant.empty() ? "; \"deskctl --help\" lists them" : ("; did you mean " + meant + "?").c_str());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace deskd;
  CLI::App app("Shows and steers deskd, its scripts and their hardware.", "deskctl");
  app.require_subcommand(1);
  app.footer("deskctl COMMAND --help tells more of a command.");
  Context context;
  const auto* config =
      app.add_option("--config", context.configPath, "Settings file of deskd")->type_name("FILE");
  app.add_option("--bus", context.bus, "D-Bus: system, session, or an address")->type_name("BUS");
  app.add_flag("--json", context.json, "Print JSON");
  Commands commands(app, context);
  addChanges(commands);
  addCheck(commands);
  addDoctor(commands);
  addI2c(commands);
  addList(commands);
  addLogs(commands);
  addMqtt(commands);
  addNew(commands);
  addPins(commands);
  addRun(commands);
  addSerial(commands);
  addStatus(commands);
  addTest(commands);
  addVersion(commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (saysUnknownCommand(app)) return exitUsage;
    return app.exit(error) == 0 ? exitGood : exitUsage;
  }
  context.configGiven = config->count() > 0;
  const std::string name = app.get_subcommands().front()->get_name();
  try {
    return commands.run();
  } catch (const CommandError& error) {
    std::fprintf(stderr, "deskctl %s: %s\n", name.c_str(), error.what());
    return error.code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deskctl %s: %s\n", name.c_str(), error.what());
    return exitFailed;
  }
}
