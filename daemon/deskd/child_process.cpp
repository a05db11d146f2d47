// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

#include "hal/base/error.h"

namespace deskd {
namespace {

constexpr int inheritedFd = 3;

// Between fork and exec only async-signal-safe calls: other threads (Paho's) may hold any lock.
[[noreturn]] void become(const char* program, char* const* arguments, int inherited, int output, int parent,
                         bool diesWithParent) {
  if (diesWithParent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (output >= 0 && ::dup2(output, STDOUT_FILENO) < 0) ::_exit(127);
  if (inherited == inheritedFd) {
    ::fcntl(inheritedFd, F_SETFD, 0);
  } else if (inherited >= 0 && ::dup2(inherited, inheritedFd) < 0) {
    ::_exit(127);
  }
  // Libraries, Paho among them, open descriptors that would stay open across exec.
  ::close_range(inherited >= 0 ? inheritedFd + 1 : inheritedFd, ~0U, 0);
  ::execv(program, arguments);
  ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(Reaper& reaper, const std::string& program,
                           const std::vector<std::string>& arguments, const UniqueFd& inherited,
                           Reaper::Ended ended, WithoutParent then, UniqueFd* output)
    : reaper_(reaper) {
  if (::access(program.c_str(), X_OK) != 0) throwErrno("start", program);
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  UniqueFd write;
  if (output != nullptr) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throwErrno("create a pipe for", program);
    output->reset(ends[0]);
    write.reset(ends[1]);
  }
  const int parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throwErrno("start", program);
  if (pid_ == 0)
    become(program.c_str(), argv.data(), inherited.get(), write.get(), parent, then == WithoutParent::dies);
  reaper_.watch(pid_, [this, ended = std::move(ended)](int status) {
    pid_ = 0;
    ended(status);
  });
}

ChildProcess::~ChildProcess() {
  if (pid_ == 0) return;
  reaper_.forget(pid_);
  ::kill(pid_, SIGKILL);
}

void ChildProcess::signal(int number) const {
  if (pid_ != 0) ::kill(pid_, number);
}

}  // namespace deskd
