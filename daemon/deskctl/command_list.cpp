// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <nlohmann/json.hpp>

#include "daemon/deskctl/bus.h"
#include "daemon/deskctl/command.h"
#include "daemon/deskctl/status_text.h"

namespace deskd {
namespace {

int list(const Context& context) {
  const std::vector<ScriptRow> scripts = Bus(context.bus).scripts();
  if (!context.json) {
    std::fputs(listText(scripts, colourOfOutput()).c_str(), stdout);
    return exitGood;
  }
  nlohmann::json json = nlohmann::json::array();
  for (const ScriptRow& script : scripts)
    json.push_back({{"name", script.name}, {"state", script.state}});
  std::puts(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  return exitGood;
}

}  // namespace

void addList(Commands& commands) {
  commands.add("list", "List all scripts with their states", list);
}

}  // namespace deskd
