// SPDX-License-Identifier: Apache-2.0
// What a script's process could try if somebody had it run code of theirs: each attempt is made in a process
// of its own that has entered the sandbox.
#include "daemon/host/sandbox.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <thread>

#include "daemon/host/file_view.h"
#include "hal/base/unique_fd.h"
#include "tests/fakes/temp_directory.h"

namespace deskd {
namespace {

// What the attempts are made on.
struct Surroundings {
  std::string outside;     // a directory with a file "secret"
  std::string own;         // the script's directory
  std::string socketPath;  // where somebody listens
  pid_t parent = 0;
  sockaddr_in server{};  // a TCP port where somebody listens
};

struct Attempt {
  const char* name;
  std::function<bool(const Surroundings&)> escapes;
  // Without Landlock the file system's own permissions are all there is.
  bool needsLandlock = false;
};

bool opens(const std::string& path, int flags) {
  return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC, 0600)).get() >= 0;
}
bool calls(long result) {
  return result >= 0;
}
bool connects(int family, int type, const sockaddr* address, socklen_t size) {
  const UniqueFd socket(::socket(family, type, 0));
  return socket && ::connect(socket.get(), address, size) == 0;
}
sockaddr_un unixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

std::vector<Attempt> attemptsOnFiles() {
  return {
      {"read a file elsewhere", [](const Surroundings& s) { return opens(s.outside + "/secret", O_RDONLY); },
       true},
      {"read a file elsewhere by way of its own directory",
       [](const Surroundings& s) { return opens(s.own + "/../outside/secret", O_RDONLY); }, true},
      {"read a file elsewhere through a link in its directory",
       [](const Surroundings& s) { return opens(s.own + "/link", O_RDONLY); }, true},
      {"list a directory elsewhere",
       [](const Surroundings& s) { return opens(s.outside, O_RDONLY | O_DIRECTORY); }, true},
      {"write a file elsewhere", [](const Surroundings& s) { return opens(s.outside + "/secret", O_WRONLY); },
       true},
      {"truncate a file elsewhere",
       [](const Surroundings& s) { return calls(::truncate((s.outside + "/secret").c_str(), 0)); }},
      {"make a file elsewhere",
       [](const Surroundings& s) { return opens(s.outside + "/new", O_WRONLY | O_CREAT); }, true},
      {"change its own script", [](const Surroundings& s) { return opens(s.own + "/desk.js", O_WRONLY); },
       true},
      {"make a file beside its script",
       [](const Surroundings& s) { return opens(s.own + "/new.js", O_WRONLY | O_CREAT); }, true},
      {"make a file in /tmp", [](const Surroundings&) { return opens("/tmp", O_RDWR | O_TMPFILE); }, true},
      {"make a file in /dev/shm",
       [](const Surroundings&) { return opens("/dev/shm/deskd-x", O_RDWR | O_CREAT); }, true},
      {"remove its script",
       [](const Surroundings& s) { return calls(::unlink((s.own + "/desk.js").c_str())); }},
      {"rename its script",
       [](const Surroundings& s) {
         return calls(::rename((s.own + "/desk.js").c_str(), (s.own + "/x.js").c_str()));
       }},
      {"link a file into its directory",
       [](const Surroundings& s) {
         return calls(::link((s.outside + "/secret").c_str(), (s.own + "/hard").c_str()));
       }},
      {"make a link",
       [](const Surroundings& s) { return calls(::symlink("/etc", (s.own + "/soft").c_str())); }},
      {"make a directory",
       [](const Surroundings& s) { return calls(::mkdir((s.own + "/d").c_str(), 0700)); }},
      {"make a device",
       [](const Surroundings& s) {
         return calls(::mknod((s.own + "/m").c_str(), S_IFCHR | 0600, (1 << 8) | 1));
       }},
      {"change a file's mode",
       [](const Surroundings& s) { return calls(::chmod((s.own + "/desk.js").c_str(), 0666)); }},
      {"change a file's owner",
       [](const Surroundings& s) { return calls(::chown((s.own + "/desk.js").c_str(), 1, 1)); }},
      {"read users and passwords", [](const Surroundings&) { return opens("/etc/shadow", O_RDONLY); }, true},
      {"read what /proc says of its supervisor",
       [](const Surroundings& s) {
         return opens("/proc/" + std::to_string(s.parent) + "/cmdline", O_RDONLY);
       },
       true},
      {"read its supervisor's memory",
       [](const Surroundings& s) { return opens("/proc/" + std::to_string(s.parent) + "/mem", O_RDONLY); },
       true},
      {"list the processes", [](const Surroundings&) { return opens("/proc", O_RDONLY | O_DIRECTORY); },
       true},
      {"set the kernel", [](const Surroundings&) { return opens("/proc/sys/kernel/core_pattern", O_WRONLY); },
       true},
      {"look into /sys", [](const Surroundings&) { return opens("/sys/kernel", O_RDONLY | O_DIRECTORY); },
       true},
  };
}

std::vector<Attempt> attemptsOnProcesses() {
  return {
      {"signal its supervisor", [](const Surroundings& s) { return calls(::kill(s.parent, 0)); }},
      {"signal everybody", [](const Surroundings&) { return calls(::kill(-1, 0)); }},
      {"queue a signal", [](const Surroundings& s) { return calls(::sigqueue(s.parent, 0, {})); }},
      {"signal a thread of its supervisor",
       [](const Surroundings& s) { return calls(::syscall(SYS_tgkill, s.parent, s.parent, 0)); }},
      {"trace its supervisor",
       [](const Surroundings& s) { return calls(::ptrace(PTRACE_SEIZE, s.parent, nullptr, nullptr)); }},
      {"be traced", [](const Surroundings&) { return calls(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
      {"read another process",
       [](const Surroundings& s) {
         char byte = 0;
         iovec here{&byte, 1};
         iovec there{&byte, 1};
         return calls(::process_vm_readv(s.parent, &here, 1, &there, 1, 0));
       }},
      {"have a handle of its supervisor",
       [](const Surroundings& s) { return calls(::syscall(SYS_pidfd_open, s.parent, 0)); }},
      {"fork",
       [](const Surroundings&) {
         const long pid = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
         if (pid == 0) ::_exit(0);
         return calls(pid);
       }},
      {"fork by the newer call",
       [](const Surroundings&) {
         std::uint64_t arguments[8] = {0, 0, 0, 0, SIGCHLD, 0, 0, 0};
         const long pid = ::syscall(SYS_clone3, arguments, sizeof arguments);
         if (pid == 0) ::_exit(0);
         return calls(pid);
       }},
      {"run a program",
       [](const Surroundings&) {
         char name[] = "/bin/true";
         char* arguments[] = {name, nullptr};
         ::execv(name, arguments);  // the exit code would say that all is well: see the test
         return false;
       }},
      {"run a program from memory",
       [](const Surroundings&) { return calls(::syscall(SYS_memfd_create, "x", 0)); }},
      {"connect over TCP",
       [](const Surroundings& s) {
         return connects(AF_INET, SOCK_STREAM, reinterpret_cast<const sockaddr*>(&s.server), sizeof s.server);
       }},
      {"send over UDP", [](const Surroundings&) { return calls(::socket(AF_INET, SOCK_DGRAM, 0)); }},
      {"make raw packets", [](const Surroundings&) { return calls(::socket(AF_PACKET, SOCK_RAW, 0)); }},
      {"talk to the kernel by netlink",
       [](const Surroundings&) { return calls(::socket(AF_NETLINK, SOCK_RAW, 0)); }},
      {"connect to a local service",
       [](const Surroundings& s) {
         const sockaddr_un address = unixAddress(s.socketPath);
         return connects(AF_UNIX, SOCK_STREAM, reinterpret_cast<const sockaddr*>(&address), sizeof address);
       }},
      {"listen", [](const Surroundings&) { return calls(::listen(0, 1)); }},
      {"mount",
       [](const Surroundings& s) { return calls(::mount("none", s.own.c_str(), "tmpfs", 0, nullptr)); }},
      {"have namespaces of its own", [](const Surroundings&) { return calls(::unshare(CLONE_NEWUSER)); }},
      {"enter another root", [](const Surroundings& s) { return calls(::chroot(s.own.c_str())); }},
      {"be another user", [](const Surroundings&) { return calls(::setuid(0)); }},
      {"have capabilities",
       [](const Surroundings&) {
         __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
         __user_cap_data_struct wanted[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
         return calls(::syscall(SYS_capset, &header, wanted));
       }},
      {"have privileges again", [](const Surroundings&) { return calls(::prctl(PR_SET_DUMPABLE, 1)); }},
      {"outlive its supervisor", [](const Surroundings&) { return calls(::prctl(PR_SET_PDEATHSIG, 0)); }},
      {"take a larger limit",
       [](const Surroundings&) {
         const rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
         return calls(::setrlimit(RLIMIT_DATA, &limit));
       }},
      {"limit its supervisor",
       [](const Surroundings& s) {
         const rlimit limit{0, 0};
         return calls(::prlimit(s.parent, RLIMIT_NOFILE, &limit, nullptr));
       }},
      {"take precedence", [](const Surroundings&) { return calls(::setpriority(PRIO_PROCESS, 0, -5)); }},
      {"take real-time precedence",
       [](const Surroundings&) {
         const sched_param parameters{1};
         return calls(::sched_setscheduler(0, SCHED_FIFO, &parameters));
       }},
      {"type into the terminal",
       [](const Surroundings&) {
         // ENOTTY would say that only the terminal was missing.
         return ::ioctl(0, TIOCSTI, "x") == 0 || errno != EPERM;
       }},
      {"type into the terminal, with bits that the kernel ignores",
       [](const Surroundings&) {
         return ::syscall(SYS_ioctl, 0, 0xf00000000UL | TIOCSTI, "x") == 0 || errno != EPERM;
       }},
      {"load a program into the kernel",
       [](const Surroundings&) { return calls(::syscall(SYS_bpf, 0, nullptr, 0)); }},
      {"watch the machine",
       [](const Surroundings&) { return calls(::syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0)); }},
      {"queue calls past the filter",
       [](const Surroundings&) { return calls(::syscall(SYS_io_uring_setup, 1, nullptr)); }},
      {"use keys of others", [](const Surroundings&) { return calls(::syscall(SYS_keyctl, 0, -3, 1)); }},
      {"set the clock",
       [](const Surroundings&) {
         timespec now{};
         ::clock_gettime(CLOCK_REALTIME, &now);
         return calls(::clock_settime(CLOCK_REALTIME, &now));
       }},
      {"restart the machine",
       [](const Surroundings&) { return calls(::syscall(SYS_reboot, 0, 0, 0, nullptr)); }},
  };
}

const std::vector<Attempt>& attempts() {
  static const std::vector<Attempt> all = [] {
    std::vector<Attempt> list = attemptsOnFiles();
    for (Attempt& attempt : attemptsOnProcesses())
      list.push_back(std::move(attempt));
    return list;
  }();
  return all;
}

class Sandboxes : public testing::Test {
 protected:
  Sandboxes() {
    directory_.write("scripts/desk.js", "1");
    directory_.write("library/lib.js", "1");
    directory_.write("outside/secret", "secret");
    around_.own = directory_.path("scripts");
    around_.outside = directory_.path("outside");
    around_.parent = ::getpid();
    ::symlink("../outside/secret", (around_.own + "/link").c_str());
    listenLocally();
    listenOnTcp();
  }
  void listenLocally() {
    around_.socketPath = directory_.path("socket");
    const sockaddr_un address = unixAddress(around_.socketPath);
    local_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(local_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(local_.get(), 5), 0);
  }
  void listenOnTcp() {
    around_.server.sin_family = AF_INET;
    around_.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    tcp_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    socklen_t size = sizeof around_.server;
    auto* address = reinterpret_cast<sockaddr*>(&around_.server);
    EXPECT_EQ(::bind(tcp_.get(), address, size), 0);
    EXPECT_EQ(::getsockname(tcp_.get(), address, &size), 0);
    EXPECT_EQ(::listen(tcp_.get(), 5), 0);
  }

  // In a process of its own, inside or outside; what it returned, or nothing if the process died.
  std::optional<bool> inProcess(bool inside, const std::function<bool()>& act,
                                const std::string& board = "") {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (inside) enterSandbox({around_.own + "/desk.js", directory_.path("library"), board, devices_});
        ::_exit(act() ? 10 : 11);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(12);
      }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 10 && WEXITSTATUS(status) != 11)) return std::nullopt;
    return WEXITSTATUS(status) == 10;
  }

  TempDirectory directory_;
  std::vector<std::string> devices_ = {"/dev"};
  Surroundings around_;
  UniqueFd local_;
  UniqueFd tcp_;
};

TEST_F(Sandboxes, LetNoAttemptThrough) {
  unsigned tried = 0;
  for (const Attempt& attempt : attempts()) {
    if (attempt.needsLandlock && landlockVersion() == 0) continue;
    EXPECT_EQ(inProcess(true, [&] { return attempt.escapes(around_); }), false) << attempt.name;
    ++tried;
  }
  EXPECT_GE(tried, 40u);
  EXPECT_EQ(directory_.read("outside/secret"), "secret");
  EXPECT_EQ(directory_.read("scripts/desk.js"), "1");
}

// A check that cannot fail would be worth nothing: outside, most of these work, as root nearly all.
TEST_F(Sandboxes, AreWhatStopsThem) {
  unsigned stopped = 0;
  for (const char* name :
       {"read a file elsewhere", "write a file elsewhere", "make a file elsewhere", "change its own script",
        "list the processes", "signal its supervisor", "fork", "connect over TCP",
        "connect to a local service", "run a program from memory", "send over UDP"}) {
    for (const Attempt& attempt : attempts())
      if (std::string(name) == attempt.name) {
        EXPECT_EQ(inProcess(false, [&] { return attempt.escapes(around_); }), true) << name;
        ++stopped;
      }
  }
  EXPECT_EQ(stopped, 11u);
}

TEST_F(Sandboxes, LeaveWhatAScriptNeeds) {
  EXPECT_EQ(inProcess(true, [&] { return opens(around_.own + "/desk.js", O_RDONLY); }), true);
  EXPECT_EQ(inProcess(true, [&] { return opens(directory_.path("library/lib.js"), O_RDONLY); }), true);
  EXPECT_EQ(inProcess(true, [] { return opens("/dev/null", O_RDWR); }), true);
  EXPECT_EQ(inProcess(true, [] { return opens("/proc/self/maps", O_RDONLY); }), true);
  EXPECT_EQ(inProcess(true, [] { return opens("/sys/devices/system/cpu/online", O_RDONLY); }), true)
      << "libgpiod 1.6 reads about chips there";
  EXPECT_EQ(inProcess(true, [] { return opens("/usr/share/zoneinfo/UTC", O_RDONLY) || errno == ENOENT; }),
            true);
  EXPECT_EQ(inProcess(true,
                      [] {
                        bool ran = false;
                        std::thread([&ran] { ran = true; }).join();
                        return ran;
                      }),
            true);
  EXPECT_EQ(inProcess(true,
                      [] {
                        void* code =
                            ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                        return code != MAP_FAILED && ::mprotect(code, 4096, PROT_READ | PROT_EXEC) == 0;
                      }),
            true)
      << "V8 makes machine code";
}

TEST_F(Sandboxes, OpenGrantedDevicesOnly) {
  if (landlockVersion() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  devices_ = {"/dev/null"};
  EXPECT_EQ(inProcess(true, [] { return opens("/dev/null", O_RDWR); }), true);
  EXPECT_EQ(inProcess(true, [] { return opens("/dev/zero", O_RDONLY); }), false);
  EXPECT_EQ(inProcess(true, [] { return opens("/dev/ptmx", O_RDWR); }), false);
  EXPECT_EQ(inProcess(true, [] { return opens("/dev", O_RDONLY | O_DIRECTORY); }), true) << "to list chips";
}

TEST_F(Sandboxes, OfASimulatedBoardReachItsSocketAndMakeItsLocks) {
  const auto reach = [&] {
    const sockaddr_un address = unixAddress(around_.socketPath);
    return connects(AF_UNIX, SOCK_STREAM, reinterpret_cast<const sockaddr*>(&address), sizeof address) &&
           opens(around_.socketPath + ".i2c-1.lock", O_RDWR | O_CREAT) &&
           !opens(around_.outside + "/secret/x", O_RDWR | O_CREAT);
  };
  EXPECT_EQ(inProcess(true, reach, around_.socketPath), true);
}

}  // namespace
}  // namespace deskd
