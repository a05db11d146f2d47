// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/zygote.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>

#include "daemon/wire/channel.h"
#include "hal/base/error.h"

namespace deskd {
namespace {

struct NewHost {
  pid_t pid = 0;  // 0 in the host itself
  int error = 0;  // errno if there is none
};

// Forks twice. The process in between ends at once, so the host becomes a child of the supervisor, which is
// the reaper of its descendants: it sees how the host dies, and the host is bound to the supervisor's life
// and not to ours.
NewHost forkGrandchild() {
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return {-1, errno};
  UniqueFd in(report[0]);
  UniqueFd out(report[1]);
  const pid_t between = ::fork();
  if (between < 0) return {-1, errno};
  if (between == 0) {
    const pid_t host = ::fork();
    if (host == 0) return {0, 0};
    const NewHost told{host, host < 0 ? errno : 0};
    const auto written = ::write(out.get(), &told, sizeof told);
    ::_exit(written == sizeof told ? 0 : 1);
  }
  out.reset();
  NewHost told{-1, ECHILD};
  while (::read(in.get(), &told, sizeof told) < 0 && errno == EINTR) {
  }
  while (::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
  }
  return told;
}

}  // namespace

UniqueFd runZygote(int supervisor) {
  for (;;) {
    auto order = wire::receive(supervisor);
    if (!order) return UniqueFd();
    const auto* fork = std::get_if<wire::Fork>(&order->message);
    if (fork == nullptr)
      throw std::runtime_error(std::string("zygote: expected Fork, found ") + wire::nameOf(order->message));
    const NewHost host = forkGrandchild();
    if (host.pid == 0) return std::move(order->descriptor);
    wire::send(supervisor, wire::Forked{fork->token, host.pid > 0 ? host.pid : 0, host.error});
  }
}

}  // namespace deskd
