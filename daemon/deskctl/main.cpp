// SPDX-License-Identifier: Apache-2.0
// deskctl: what a person steers deskd with.
#include <cstdio>
#include <exception>

#include "daemon/deskctl/command.h"

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
  addCheck(commands);
  addNew(commands);
  addRun(commands);
  addVersion(commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exitGood : exitUsage;
  }
  context.configGiven = config->count() > 0;
  const std::string name = app.get_subcommands().front()->get_name();
  try {
    return commands.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deskctl %s: %s\n", name.c_str(), error.what());
    return exitFailed;
  }
}
