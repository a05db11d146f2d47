// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/process_limits.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"

namespace deskd {
namespace {

void setLimit(__rlimit_resource resource, const char* name, rlim_t value) {
  const rlimit limit{value, value};
  if (::setrlimit(resource, &limit) != 0) throwErrno("limit", name);
}

void setOomScore(int score) {
  const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  const std::string text = std::to_string(score);
  if (!file || ::write(file.get(), text.data(), text.size()) < 0)
    throwErrno("write", "/proc/self/oom_score_adj");
}

}  // namespace

void applyProcessLimits(const ProcessLimits& limits, int supervisorPid) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) throwErrno("tie the host to its supervisor");
  // The supervisor may have died before that line.
  if (supervisorPid != 0 && ::getppid() != supervisorPid) ::_exit(0);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throwErrno("give up new privileges");
  setOomScore(limits.oomScore);  // while /proc/self is still ours
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) throwErrno("forbid core files and tracing");
  setLimit(RLIMIT_CORE, "core files", 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // A sanitizer's shadow memory counts as data, in terabytes.
  setLimit(RLIMIT_DATA, "memory", static_cast<rlim_t>(limits.memoryMib) << 20);
#endif
  errno = 0;
  if (::setpriority(PRIO_PROCESS, 0, limits.nice) != 0) throwErrno("set the priority");
}

void setProcessName(const std::string& name) {
  ::prctl(PR_SET_NAME, name.substr(0, 15).c_str());
}

}  // namespace deskd
