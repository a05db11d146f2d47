// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/command.h"

#include <utility>

namespace deskd {

CLI::App* Commands::add(const std::string& name, const std::string& description,
                        std::function<int(const Context&)> run) {
  CLI::App* command = app_.add_subcommand(name, description);
  command->fallthrough();  // "deskctl status --json" as well as "deskctl --json status"
  command->callback([this, run = std::move(run)] { chosen_ = [this, run] { return run(context_); }; });
  return command;
}

int Commands::run() const {
  return chosen_();
}

}  // namespace deskd
