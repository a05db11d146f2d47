// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/options.h"

#include <CLI/CLI.hpp>

namespace deskd {

int parseOptions(int argc, char** argv, Options& options) {
  CLI::App app("Runs JavaScript device scripts and connects them to a hub over MQTT.", "deskd");
  app.footer(
      "Settings: /etc/deskd/deskd.toml. Scripts: /etc/deskd/scripts/NAME.js, each\n"
      "with its settings in NAME.toml. SIGHUP reads [limits] and all scripts again,\n"
      "SIGTERM ends in order.");
  const auto* config = app.add_option("--config", options.configPath, "Settings file")->type_name("FILE");
  app.add_flag("--check", options.check, "Check settings and scripts, and exit");
  app.add_flag("--sim", options.simulate, "Simulate the board, and a Jiecang desk");
  app.add_option("--board", options.boardPath, "Use a board that deskd-sim simulates")->type_name("SOCKET");
  app.add_option("--bus", options.bus, "D-Bus: system, session, none, or an address")->type_name("BUS");
  app.add_flag("--debug", options.debug, "Log debug messages, too");
  // For deskctl, which does not read settings itself.
  app.add_flag("--print-settings", options.printSettings)->group("");
  app.add_option("--print-script-settings", options.scriptSettingsPath)->group("");
  app.add_flag("--version", options.version, "Print all versions, and exit");
  try {
    app.parse(argc, argv);
    if (options.simulate && !options.boardPath.empty())
      throw CLI::ValidationError("--board", "expected without --sim");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.configGiven = config->count() > 0;
  return -1;
}

}  // namespace deskd
