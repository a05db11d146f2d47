// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/syscall_filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "hal/base/error.h"

namespace deskd {
namespace {

// Of all architectures that deskd runs on; a name that one does not have is skipped there.
constexpr const char* allowed[] = {
    // files and devices: what may be opened is Landlock's affair, and the file system's
    "access",
    "close",
    "close_range",
    "dup",
    "dup2",
    "dup3",
    "faccessat",
    "faccessat2",
    "fcntl",
    "fcntl64",
    "fdatasync",
    "flock",
    "fstat",
    "fstat64",
    "fstatat64",
    "fstatfs",
    "fstatfs64",
    "fsync",
    "ftruncate",
    "ftruncate64",
    "getcwd",
    "getdents",
    "getdents64",
    "_llseek",
    "lseek",
    "lstat",
    "lstat64",
    "newfstatat",
    "open",
    "openat",
    "pread64",
    "preadv",
    "preadv2",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readlink",
    "readlinkat",
    "readv",
    "stat",
    "stat64",
    "statfs",
    "statfs64",
    "statx",
    "write",
    "writev",
    // waiting
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd",
    "eventfd2",
    "inotify_add_watch",
    "inotify_init1",
    "inotify_rm_watch",
    "nanosleep",
    "pause",
    "pipe",
    "pipe2",
    "poll",
    "ppoll",
    "ppoll_time64",
    "pselect6",
    "pselect6_time64",
    "select",
    "_newselect",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_gettime64",
    "timerfd_settime",
    "timerfd_settime64",
    // the sockets it was born with
    "getpeername",
    "getsockname",
    "getsockopt",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "send",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    // memory
    "brk",
    "madvise",
    "membarrier",
    "mincore",
    "mlock",
    "mmap",
    "mmap2",
    "mprotect",
    "mremap",
    "msync",
    "munlock",
    "munmap",
    "pkey_alloc",
    "pkey_free",
    "pkey_mprotect",
    // threads
    "arch_prctl",
    "cacheflush",
    "exit",
    "exit_group",
    "futex",
    "futex_time64",
    "get_robust_list",
    "get_thread_area",
    "gettid",
    "rseq",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_yield",
    "set_robust_list",
    "set_thread_area",
    "set_tid_address",
    "set_tls",
    // signals
    "restart_syscall",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "rt_sigtimedwait_time64",
    "sigaltstack",
    "sigreturn",
    // itself, the time, the machine
    "adjtimex",
    "clock_adjtime",
    "clock_getres",
    "clock_getres_time64",
    "clock_gettime",
    "clock_gettime64",
    "getegid",
    "getegid32",
    "geteuid",
    "geteuid32",
    "getgid",
    "getgid32",
    "getpgrp",
    "getpid",
    "getppid",
    "getpriority",
    "getrandom",
    "getresgid",
    "getresgid32",
    "getresuid",
    "getresuid32",
    "getrlimit",
    "getrusage",
    "getuid",
    "getuid32",
    "gettimeofday",
    "sysinfo",
    "time",
    "times",
    "ugetrlimit",
    "uname",
};

struct Release {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

void check(int result, const char* name) {
  // EDOM: not on this architecture.
  if (result != 0 && result != -EDOM) throwErrno(-result, "filter the system call", name);
}

template <class... Conditions>
void allow(const Filter& filter, const char* name, Conditions... conditions) {
  const int number = ::seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) return;  // this library is older than the call
  check(::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, sizeof...(conditions), conditions...), name);
}

void load(const Filter& filter) {
  check(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1), "of all threads");
  check(::seccomp_load(filter.get()), "all of them");
}

// Bytes pushed into a terminal would be typed into its shell. A filter of its own: one that allows ioctl
// cannot take single requests out of it. The kernel looks at 32 bits of them.
void forbidTyping() {
  const Filter filter(::seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) throwErrno(ENOMEM, "filter system calls");
  for (const unsigned long request : {TIOCSTI, TIOCLINUX})
    check(::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, request)),
          "ioctl");
  load(filter);
}

}  // namespace

bool restrictSystemCalls(bool localSockets) {
  if (::prctl(PR_GET_SECCOMP) < 0) return false;
  forbidTyping();
  const Filter filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) throwErrno(ENOMEM, "filter system calls");
  for (const char* name : allowed)
    allow(filter, name);
  // Threads, and nothing else; what only newer kernels have must look like an older kernel to the C library.
  allow(filter, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
  for (const char* name : {"clone3", "openat2", "io_uring_setup"})
    if (const int number = ::seccomp_syscall_resolve_name(name); number != __NR_SCMP_ERROR)
      check(::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), number, 0), name);
  // abort() and the watch over long turns signal this process.
  const auto self = static_cast<scmp_datum_t>(::getpid());
  for (const char* name : {"kill", "tgkill"})
    allow(filter, name, SCMP_A0(SCMP_CMP_EQ, self));
  for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS})
    allow(filter, "prctl", SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(option)));
#ifdef PR_SET_VMA
  allow(filter, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA));  // names of memory, which glibc gives
#endif
  // Limits may be read, and are set by nobody any more.
  allow(filter, "prlimit64", SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
  allow(filter, "ioctl");
  if (localSockets) {
    allow(filter, "socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    allow(filter, "connect");
  }
  load(filter);
  return true;
}

}  // namespace deskd
