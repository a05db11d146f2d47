// SPDX-License-Identifier: Apache-2.0
// start, stop, restart, reload, enable, disable.
#include <memory>

#include "daemon/deskctl/bus.h"
#include "daemon/deskctl/command.h"

namespace deskd {
namespace {

struct Change {
  const char* command;
  const char* method;
  const char* description;
};

constexpr Change changes[] = {
    {"start", "Start", "Start scripts, also ones in quarantine"},
    {"stop", "Stop", "Stop scripts until their files change"},
    {"restart", "Restart", "Stop scripts and start them again"},
    {"reload", "ReloadScript", "Load the files of scripts again"},
    {"enable", "Enable", "Take back \"disable\", and start scripts"},
    {"disable", "Disable", "Stop scripts for good, also after a restart"},
};

}  // namespace

void addChanges(Commands& commands) {
  for (const Change& change : changes) {
    const auto names = std::make_shared<std::vector<std::string>>();
    CLI::App* command =
        commands.add(change.command, change.description, [names, &change](const Context& context) {
          Bus bus(context.bus);
          for (const std::string& name : *names)
            bus.call(change.method, {name});
          return exitGood;
        });
    command->add_option("NAME", *names, "Scripts")->required();
  }
}

}  // namespace deskd
