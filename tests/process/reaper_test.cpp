// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/reaper.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace deskd {
namespace {

int forkChild(void (*body)()) {
  const int pid = ::fork();
  if (pid == 0) {
    body();
    ::_exit(0);
  }
  return pid;
}

TEST(Reaper, TellsHowAChildEnded) {
  Loop loop;
  Reaper reaper(loop);
  int status = -1;
  const int pid = forkChild([] { ::_exit(3); });
  reaper.watch(pid, [&](int how) {
    status = how;
    loop.stop();
  });
  Timer keepGoing(loop, [] { FAIL() << "nobody told of the child"; });
  keepGoing.start(Milliseconds(20000));
  loop.run();
  EXPECT_EQ(Reaper::describe(status), "exited with code 3");
}

TEST(Reaper, TellsOfAChildThatEndedBeforeItWasWatched) {
  Loop loop;
  Reaper reaper(loop);
  Timer keepGoing(loop, [] { FAIL() << "nobody told of the child"; });
  keepGoing.start(Milliseconds(20000));
  const int first = forkChild([] { ::_exit(0); });
  // The second child's end is told of, and the first one's was collected with or before it.
  ::siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(first), &info, WEXITED | WNOWAIT), 0);
  const int second = forkChild([] { ::_exit(0); });
  reaper.watch(second, [&](int) { loop.stop(); });
  loop.run();
  int status = -1;
  reaper.watch(first, [&](int how) {
    status = how;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(status, 0);
}

TEST(Reaper, KeepsNoStatusOfAForgottenChildForALaterOneWithItsNumber) {
  Loop loop;
  Reaper reaper(loop);
  Timer keepGoing(loop, [] { FAIL() << "nobody told of the child"; });
  keepGoing.start(Milliseconds(20000));
  const int first = forkChild([] { ::_exit(0); });
  reaper.watch(first, [](int) { FAIL() << "forgotten"; });
  reaper.forget(first);
  ::siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(first), &info, WEXITED | WNOWAIT), 0);
  const int second = forkChild([] { ::_exit(0); });
  reaper.watch(second, [&](int) { loop.stop(); });
  loop.run();
  // The number is free again, and another process may get it.
  reaper.watch(first, [](int) { FAIL() << "the end of another process"; });
  Timer afterwards(loop, [&] { loop.stop(); });
  afterwards.start(Milliseconds(1));
  loop.run();
  reaper.forget(first);
}

TEST(Reaper, NamesSignals) {
  EXPECT_EQ(Reaper::describe(SIGSEGV), "killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(Reaper::describe(SIGKILL), "killed by signal 9 (SIGKILL)");
}

}  // namespace
}  // namespace deskd
