// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/guard_process.h"

#include <utility>

namespace deskd {

GuardProcess::GuardProcess(Loop& loop, Reaper& reaper, const GuardCommand& command, Role role,
                           Handlers handlers)
    : handlers_(std::move(handlers)) {
  auto [mine, theirs] = wire::socketPair();
  channel_.emplace(loop, std::move(mine),
                   wire::Channel::Handlers{[this](wire::Any&& message) {
                                             const auto tell = handlers_.message;
                                             tell(std::move(message));
                                           },
                                           [](const std::string&) {}});
  std::vector<std::string> arguments = command.arguments;
  arguments.insert(arguments.end(), {"--supervisor", "3"});
  if (role == Role::spare) arguments.emplace_back("--spare");
  child_.emplace(
      reaper, command.program, arguments, theirs,
      [this](int status) {
        const auto tell = handlers_.ended;
        tell(status);
      },
      role == Role::spare ? ChildProcess::WithoutParent::dies : ChildProcess::WithoutParent::goesOn);
}

bool GuardProcess::post(const wire::Any& message, int descriptor) {
  return channel_ && channel_->post(message, descriptor);
}

}  // namespace deskd
