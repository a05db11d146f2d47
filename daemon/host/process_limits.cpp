// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/process_limits.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"

namespace deskd {
namespace {

void setLimit(__rlimit_resource resource, const char* name, rlim_t value) {
  const rlimit limit{value, value};
  if (::setrlimit(resource, &limit) != 0) throwErrno("limit", name);
}

// What a handle of a script's may need: a line and its chip, a bus and its lock.
constexpr unsigned descriptorsPerHandle = 2;
// The loop, the sockets to supervisor and guard, a file that is imported.
constexpr unsigned ownDescriptors = 64;

void limitDescriptors(unsigned handles) {
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0) throwErrno("read the limit of", "descriptors");
  setLimit(RLIMIT_NOFILE, "descriptors",
           std::min<rlim_t>(now.rlim_max, descriptorsPerHandle * handles + ownDescriptors));
}

constexpr const char* oomScorePath = "/proc/self/oom_score_adj";

int oomScore() {
  const UniqueFd file(::open(oomScorePath, O_RDONLY | O_CLOEXEC));
  std::array<char, 16> text{};
  if (!file || ::read(file.get(), text.data(), text.size() - 1) < 0) throwErrno("read", oomScorePath);
  return std::atoi(text.data());
}

void setOomScore(int score) {
  const UniqueFd file(::open(oomScorePath, O_WRONLY | O_CLOEXEC));
  const std::string text = std::to_string(score);
  if (!file || ::write(file.get(), text.data(), text.size()) < 0) throwErrno("write", oomScorePath);
}

int niceness() {
  errno = 0;
  const int nice = ::getpriority(PRIO_PROCESS, 0);
  if (errno != 0) throwErrno("get the priority");
  return nice;
}

}  // namespace

void applyProcessLimits(const ProcessLimits& limits, int supervisorPid) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) throwErrno("tie the host to its supervisor");
  // The supervisor may have died before that line.
  if (supervisorPid != 0 && ::getppid() != supervisorPid) ::_exit(0);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throwErrno("give up new privileges");
  // While /proc/self is still ours. A process that runs with less precedence already, because deskd does,
  // keeps that: it could not take it back without privileges.
  setOomScore(std::max(oomScore(), limits.oomScore));
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) throwErrno("forbid core files and tracing");
  setLimit(RLIMIT_CORE, "core files", 0);
  limitDescriptors(limits.handles);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // A sanitizer's shadow memory counts as data, in terabytes.
  setLimit(RLIMIT_DATA, "memory", static_cast<rlim_t>(limits.memoryMib) << 20);
#endif
  if (::setpriority(PRIO_PROCESS, 0, std::max(niceness(), limits.nice)) != 0) throwErrno("set the priority");
}

void setProcessName(const std::string& name) {
  ::prctl(PR_SET_NAME, name.substr(0, 15).c_str());
}

}  // namespace deskd
