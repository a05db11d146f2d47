// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "daemon/deskctl/bus.h"
#include "daemon/deskctl/command.h"
#include "daemon/deskctl/command_error.h"

namespace deskd {
namespace {

struct Wanted {
  std::string script;
  bool follow = false;
  unsigned lines = 100;
};

int logs(const Wanted& wanted) {
  std::vector<std::string> words{"journalctl", "--output=short-precise",
                                 "--lines=" + std::to_string(wanted.lines)};
  words.emplace_back(wanted.follow ? "--follow" : "--no-pager");
  words.emplace_back("SYSLOG_IDENTIFIER=deskd");
  words.push_back("SCRIPT=" + wanted.script);
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments.front(), arguments.data());
  if (errno == ENOENT)
    throw CommandError(exitFailed,
                       "journalctl is not there: logs are read from the journal, which comes with systemd");
  throw CommandError(exitFailed, std::string("cannot run journalctl: ") + std::strerror(errno));
}

}  // namespace

void addLogs(Commands& commands) {
  const auto wanted = std::make_shared<Wanted>();
  CLI::App* command = commands.add("logs", "Show what a script has logged",
                                   [wanted](const Context&) { return logs(*wanted); });
  command->add_flag("-f,--follow", wanted->follow, "Wait for more");
  command->add_option("-n,--lines", wanted->lines, "So many of the last lines")->capture_default_str();
  command->add_option("NAME", wanted->script, "Script")->required();
}

}  // namespace deskd
