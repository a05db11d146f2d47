// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/guard_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "hal/base/log.h"
#include "tests/fakes/run_until.h"
#include "tests/fakes/temp_directory.h"

namespace deskd {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr Milliseconds kSoon(100);
constexpr Milliseconds kNever(3600'000);

class GuardLinkTest : public testing::Test {
 protected:
  GuardLinkTest() {
    setLogSink([this](const LogRecord& record) {
      logged_.push_back(record.text);
      priorities_[record.text] = record.priority;
    });
  }
  ~GuardLinkTest() override {
    setLogSink({});
    setLogLevel(Priority::info);
  }

  // The guard is `program`; a wait that is not what a test is about has no end.
  void start(const std::string& program, Milliseconds longestWait, Milliseconds longestPause = kSoon) {
    GuardLink::Options options;
    options.outputsPath = files_.path("outputs");
    options.program = program;
    options.longestWait = longestWait;
    options.longestStart = longestWait;
    options.longestPause = longestPause;
    options.changed = [this] { changes_.push_back(link_->works()); };
    link_.emplace(loop_, reaper_);
    link_->start(std::move(options), [this] { ready_ = true; });
  }
  std::string shellScript(const std::string& text) {
    const std::string path = files_.write("guard", "#!/bin/sh\n" + text + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  // A process of the script "desk" that has come and gone.
  void attachAndDetach(std::uint64_t process) {
    link_->attach(process, "desk", {"*"}, [](const UniqueFd&) {});
    link_->detach(process, [this] { ++released_; });
  }
  void startWithSpare(Milliseconds longestWait = kNever) {
    start(DESKD_BUILD_DIR "/deskd-guard", longestWait);
    EXPECT_TRUE(until([&] { return spareWaits(); }));
  }
  bool spareWaits() const { return link_->works() && link_->spare().waits(); }
  // It is dead, and the loop does not know.
  static void kill(int pid) {
    ::kill(pid, SIGKILL);
    siginfo_t info;
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  }
  static bool exists(int pid) { return ::kill(pid, 0) == 0; }
  bool until(const std::function<bool()>& condition) { return runUntil(loop_, condition); }

  TempDirectory files_;
  Loop loop_;
  Reaper reaper_{loop_};
  std::vector<std::string> logged_;
  std::map<std::string, Priority> priorities_;
  std::vector<bool> changes_;
  bool ready_ = false;
  int released_ = 0;
  std::optional<GuardLink> link_;
};

TEST_F(GuardLinkTest, TellsWhenTheGuardIsAtWork) {
  start(DESKD_BUILD_DIR "/deskd-guard", kNever);
  EXPECT_FALSE(link_->works());
  EXPECT_TRUE(until([&] { return ready_; }));
  EXPECT_TRUE(link_->works());
  attachAndDetach(1);
  EXPECT_TRUE(until([&] { return released_ == 1; }));
  EXPECT_THAT(changes_, testing::ElementsAre(true));
}

TEST_F(GuardLinkTest, ScriptsRunAndStartAgainWithoutAGuardThatCouldBeStarted) {
  start(files_.path("missing"), kSoon);
  EXPECT_TRUE(until([&] { return ready_; }));
  attachAndDetach(1);
  EXPECT_EQ(released_, 1);
  EXPECT_FALSE(link_->works());
  EXPECT_THAT(logged_,
              Contains(HasSubstr("missing: No such file or directory: no script can move anything")));
}

TEST_F(GuardLinkTest, ScriptsStartAgainThoughEveryGuardDiesAtOnce) {
  start(shellScript("exit 3"), kNever);
  attachAndDetach(1);
  EXPECT_EQ(released_, 0) << "this guard may still hold something of it";
  EXPECT_TRUE(until([&] { return released_ == 1; }));
  EXPECT_FALSE(link_->works());
  EXPECT_THAT(logged_, Contains(HasSubstr("deskd-guard exited with code 3, starting another in ")));
}

TEST_F(GuardLinkTest, AGuardThatSaysNothingAtItsStartIsReplaced) {
  start(shellScript("exec sleep 3600"), kSoon);
  attachAndDetach(1);
  attachAndDetach(2);
  EXPECT_TRUE(until([&] { return released_ == 2 && ready_; }));
  EXPECT_FALSE(link_->works());
  EXPECT_TRUE(until([&] { return link_->pid() == 0; }));
  EXPECT_THAT(logged_, Contains("deskd-guard does not answer, killing it"));
  EXPECT_THAT(logged_, Contains(HasSubstr("deskd-guard killed by signal 9 (SIGKILL), starting another")));
}

TEST_F(GuardLinkTest, AGuardThatSaysNothingOfAProcessThatHasEndedIsReplaced) {
  start(DESKD_BUILD_DIR "/deskd-guard", Milliseconds(500));
  EXPECT_TRUE(until([&] { return link_->works(); }));
  const int stopped = link_->pid();
  ::kill(stopped, SIGSTOP);
  attachAndDetach(1);
  EXPECT_EQ(released_, 0);
  EXPECT_TRUE(until([&] { return released_ == 1; }));
  EXPECT_TRUE(until([&] { return link_->works() && link_->pid() != stopped; }));
  EXPECT_THAT(logged_, Contains("deskd-guard works again"));
}

TEST_F(GuardLinkTest, AGuardThatCanBeStartedAgainIsGivenTheScriptsThatRun) {
  start(files_.path("guard"), kSoon);
  int sockets = 0;
  link_->attach(1, "desk", {"*"}, [&](const UniqueFd&) { ++sockets; });
  EXPECT_TRUE(until([&] { return ready_; }));
  EXPECT_EQ(sockets, 0);
  std::filesystem::create_symlink(DESKD_BUILD_DIR "/deskd-guard", files_.path("guard"));
  EXPECT_TRUE(until([&] { return link_->works(); }));
  EXPECT_EQ(sockets, 1);
  EXPECT_THAT(changes_, testing::ElementsAre(true));
  EXPECT_THAT(logged_, Contains("deskd-guard works again"));
}

TEST_F(GuardLinkTest, AMissingGuardIsToldOnceHoweverOftenItIsLookedFor) {
  start(files_.path("missing"), kSoon);
  runFor(loop_, 5 * kSoon);
  const auto told = std::count_if(logged_.begin(), logged_.end(), [](const std::string& text) {
    return text.find("missing: No such file") != std::string::npos;
  });
  EXPECT_EQ(told, 1);
}

TEST_F(GuardLinkTest, StopsWithoutAGuardAndWithOneThatDoesNotEnd) {
  for (const std::string& program : {files_.path("missing"), shellScript("exec sleep 3600")}) {
    start(program, kSoon);
    bool stopped = false;
    link_->stop([&] { stopped = true; });
    EXPECT_TRUE(until([&] { return stopped; })) << program;
  }
}

TEST_F(GuardLinkTest, TheSpareTakesOverAndIsReplaced) {
  startWithSpare();
  const int spare = link_->spare().pid();
  std::vector<UniqueFd> sockets;  // open: the process lives
  link_->attach(1, "desk", {"*"}, [&](UniqueFd socket) { sockets.push_back(std::move(socket)); });
  kill(link_->pid());
  EXPECT_TRUE(until([&] { return link_->pid() == spare && spareWaits(); }));
  EXPECT_NE(link_->spare().pid(), spare);
  EXPECT_EQ(sockets.size(), 2U) << "processes are introduced to it";
  EXPECT_THAT(changes_, testing::ElementsAre(true, false, true));
  attachAndDetach(2);
  EXPECT_TRUE(until([&] { return released_ == 1; })) << "it is at work";
}

TEST_F(GuardLinkTest, ASpareThatIsStillBeingStartedTakesOver) {
  start(DESKD_BUILD_DIR "/deskd-guard", kNever);
  EXPECT_TRUE(until([&] { return link_->works(); }));
  const int spare = link_->spare().pid();
  ASSERT_NE(spare, 0);
  ::kill(spare, SIGSTOP);
  kill(link_->pid());
  EXPECT_TRUE(until([&] { return link_->pid() == spare; }));
  ::kill(spare, SIGCONT);
  EXPECT_TRUE(until([&] { return spareWaits(); }));
  EXPECT_EQ(link_->pid(), spare);
}

TEST_F(GuardLinkTest, WithoutASpareAnotherGuardIsStarted) {
  startWithSpare();
  const int guard = link_->pid();
  const int spare = link_->spare().pid();
  kill(spare);
  EXPECT_TRUE(until([&] { return link_->spare().pid() == 0; }));
  EXPECT_THAT(logged_,
              Contains("the spare deskd-guard killed by signal 9 (SIGKILL), starting another in 100 ms"));
  kill(guard);
  EXPECT_TRUE(until([&] { return link_->pid() != guard && spareWaits(); }));
  EXPECT_NE(link_->pid(), spare);
}

TEST_F(GuardLinkTest, ASpareThatDiesIsReplaced) {
  startWithSpare();
  const int spare = link_->spare().pid();
  kill(spare);
  EXPECT_TRUE(until([&] { return link_->spare().pid() != spare && spareWaits(); }));
  EXPECT_THAT(changes_, testing::ElementsAre(true)) << "nobody else notices";
}

TEST_F(GuardLinkTest, ASpareThatDiesWithTheGuardIsNotWaitedFor) {
  startWithSpare();
  const int guard = link_->pid();
  const int spare = link_->spare().pid();
  kill(spare);
  kill(guard);
  EXPECT_TRUE(until([&] { return link_->pid() != guard && spareWaits(); }));
  EXPECT_NE(link_->pid(), spare);
}

TEST_F(GuardLinkTest, ASpareThatDiesBeforeItReadsItsOrderIsReplaced) {
  startWithSpare(Milliseconds(500));
  const int spare = link_->spare().pid();
  ::kill(spare, SIGSTOP);
  kill(link_->pid());
  EXPECT_TRUE(until([&] { return link_->pid() == spare; }));
  kill(spare);
  EXPECT_TRUE(until([&] { return link_->pid() != spare && spareWaits(); }));
}

TEST_F(GuardLinkTest, ASpareThatDoesNotTakeOverIsReplaced) {
  startWithSpare(Milliseconds(500));
  const int spare = link_->spare().pid();
  ::kill(spare, SIGSTOP);
  kill(link_->pid());
  EXPECT_TRUE(until([&] { return link_->pid() == spare; }));
  EXPECT_TRUE(until([&] { return link_->pid() != spare && spareWaits(); }));
  EXPECT_THAT(logged_, Contains("deskd-guard does not answer, killing it"));
}

TEST_F(GuardLinkTest, SparesThatDieAgainAndAgainAreStartedEverMoreSlowly) {
  setLogLevel(Priority::debug);
  start(shellScript("case \"$*\" in *--spare*) exit 3; esac\nexec " DESKD_BUILD_DIR "/deskd-guard \"$@\""),
        kNever, Milliseconds(400));
  const std::string told = "the spare deskd-guard exited with code 3, starting another in ";
  for (const char* pause : {"100 ms", "200 ms", "400 ms"})
    EXPECT_TRUE(until([&] { return priorities_.contains(told + pause); })) << pause;
  EXPECT_EQ(priorities_[told + "100 ms"], Priority::notice);
  EXPECT_EQ(priorities_[told + "200 ms"], Priority::debug) << "it is told once";
  EXPECT_TRUE(until([&] { return std::count(logged_.begin(), logged_.end(), told + "400 ms") > 1; }));
  EXPECT_TRUE(link_->works());
}

TEST_F(GuardLinkTest, ThereIsNoSpareOfAGuardThatCannotWork) {
  start(shellScript("exit 3"), kNever);
  EXPECT_TRUE(until([&] {
    return std::count_if(logged_.begin(), logged_.end(), [](const std::string& text) {
             return text.starts_with("deskd-guard exited with code 3");
           }) > 8;
  }));
  EXPECT_EQ(link_->spare().pid(), 0);
  EXPECT_THAT(logged_, testing::Not(Contains(HasSubstr("spare"))));
}

TEST_F(GuardLinkTest, GuardsThatDieQuicklyAreFoundOutWithSparesToo) {
  startWithSpare();
  for (int deaths = 0; deaths < 3; ++deaths) {
    const int spare = link_->spare().pid();
    kill(link_->pid());
    EXPECT_TRUE(until([&] { return link_->pid() == spare && spareWaits(); }));
  }
  EXPECT_THAT(logged_, Contains(HasSubstr("starting another, for scripts in ")));
}

TEST_F(GuardLinkTest, StopsTheSpareToo) {
  startWithSpare();
  const int guard = link_->pid();
  const int spare = link_->spare().pid();
  ::kill(spare, SIGSTOP);  // whatever it does
  bool stopped = false;
  link_->stop([&] { stopped = true; });
  EXPECT_TRUE(until([&] { return stopped; }));
  EXPECT_FALSE(exists(spare));
  EXPECT_FALSE(exists(guard));
  EXPECT_THAT(logged_, testing::Not(Contains(HasSubstr("starting another"))));
}

}  // namespace
}  // namespace deskd
