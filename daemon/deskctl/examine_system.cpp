// SPDX-License-Identifier: Apache-2.0
// Kernel, clock and the broker's port.
#include <fcntl.h>
#include <linux/landlock.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <sstream>
#include <system_error>

#include "daemon/deskctl/finding.h"
#include "hal/base/unique_fd.h"

namespace deskd {
namespace {

using Level = Finding::Level;

constexpr int connectMs = 3000;

bool hasWord(std::string text, const std::string& wanted) {
  for (char& c : text)
    if (c == ',') c = ' ';
  std::istringstream words(text);
  for (std::string word; words >> word;)
    if (word == wanted) return true;
  return false;
}

// 0 if it took the connection, else why not.
int tryConnect(const addrinfo& address) {
  const UniqueFd fd(::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno;
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{fd.get(), POLLOUT, 0};
  if (::poll(&wait, 1, connectMs) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

std::string connectError(const std::string& host, unsigned port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    return ::gai_strerror(error);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  int error = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next)
    if (error = tryConnect(*one); error == 0) return "";
  return std::generic_category().message(error);
}

int landlockVersion() {
  return static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

void examineLandlock(const Machine& machine, Findings& findings) {
  if (!hasWord(machine.text("/sys/kernel/security/lsm"), "landlock")) {
    findings.push_back({Level::hint, "landlock",
                        "the kernel has no Landlock: scripts can read what every user may read",
                        "cat /sys/kernel/security/lsm   # lsm=landlock,... in cmdline.txt"});
    return;
  }
  const int version = machine.isThisOne() ? landlockVersion() : 0;
  constexpr int withSignals = 6;
  findings.push_back({Level::ok, "landlock",
                      version <= 0 ? "the kernel has it"
                                   : "version " + std::to_string(version) +
                                         (version < withSignals ? ", which leaves signals to seccomp" : "")});
}

}  // namespace

void examineKernel(const Machine& machine, Findings& findings) {
  examineLandlock(machine, findings);
  if (machine.exists("/proc/sys/kernel/seccomp/actions_avail"))
    findings.push_back({Level::ok, "seccomp", "the kernel filters system calls"});
  else
    findings.push_back({Level::wrong, "seccomp",
                        "the kernel has no seccomp filters: scripts cannot be shut in",
                        "sudo apt full-upgrade   # Debian's kernels have them"});
  const std::string boot = machine.bootDirectory();
  if (hasWord(machine.text("/sys/fs/cgroup/cgroup.controllers"), "memory"))
    findings.push_back({Level::ok, "memory", "the memory of each script can be limited by its cgroup"});
  else
    findings.push_back(
        {Level::hint, "memory",
         "the kernel's memory controller is off: limits hold for a process's data only",
         boot.empty() ? "" : "sudo sed -i 's/$/ cgroup_enable=memory/' " + boot + "/cmdline.txt"});
  if (!machine.names("/dev", "watchdog").empty())
    findings.push_back({Level::ok, "watchdog", "the board has one"});
  else
    findings.push_back(
        {Level::hint, "watchdog", "no hardware watchdog restarts a board that hangs",
         boot.empty() ? "" : "echo dtparam=watchdog=on | sudo tee -a " + boot + "/config.txt"});
}

void examineClock(const Machine& machine, Findings& findings) {
  timex time{};
  const bool kernelKnows = machine.isThisOne() && ::adjtimex(&time) >= 0 && (time.status & STA_UNSYNC) == 0;
  if (kernelKnows || machine.exists("/run/systemd/timesync/synchronized"))
    findings.push_back({Level::ok, "clock", "synchronised"});
  else
    findings.push_back({Level::wrong, "clock", "not synchronised: schedules wait until it is",
                        "sudo timedatectl set-ntp true"});
}

void examineBroker(const std::string& host, unsigned port, Findings& findings) {
  const std::string place = host + ":" + std::to_string(port);
  const std::string error = connectError(host, port);
  if (error.empty())
    findings.push_back({Level::ok, "broker", place + " takes connections"});
  else
    findings.push_back({Level::wrong, "broker", place + " takes no connection: " + error,
                        "sudo systemctl start mosquitto   # on the machine that it runs on"});
}

}  // namespace deskd
