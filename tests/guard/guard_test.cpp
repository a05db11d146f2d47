// SPDX-License-Identifier: Apache-2.0
#include "daemon/guard/guard.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "hal/sim/pty.h"
#include "tests/fakes/run_until.h"
#include "tests/fakes/temp_directory.h"
#include "tests/guard/recording_chips.h"

namespace deskd {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One end of a conversation with the guard: what it says is kept.
struct Peer {
  Peer(Loop& on, UniqueFd socket) : loop(on) {
    channel.emplace(
        loop, std::move(socket),
        wire::Channel::Handlers{[this](wire::Any&& message) { heard.push_back(std::move(message)); },
                                [this](const std::string&) { closed = true; }});
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& message : heard)
      if (const auto* one = std::get_if<T>(&message)) found.push_back(*one);
    return found;
  }
  // The answer to this request: its code and text.
  wire::Result answer(std::uint32_t request) {
    std::optional<wire::Result> found;
    EXPECT_TRUE(runUntil(loop, [&] {
      for (const auto& result : all<wire::Result>())
        if (result.request == request) found = result;
      return found.has_value();
    }));
    return found.value_or(wire::Result{});
  }
  Loop& loop;
  bool closed = false;
  std::vector<wire::Any> heard;
  std::optional<wire::Channel> channel;
};

class GuardTest : public ::testing::Test {
 protected:
  void startGuard() {
    auto [mine, theirs] = wire::socketPair();
    supervisor_.emplace(loop_, std::move(mine));
    guard_.emplace(loop_, board_, std::move(theirs),
                   Guard::Options{files_.path("outputs"), [this] { return now_; }});
  }
  Peer& host(std::uint64_t process, const std::string& script = "desk",
             std::vector<std::string> lines = {"*"}) {
    auto [mine, theirs] = wire::socketPair();
    auto& peer = hosts_[process];
    peer = std::make_unique<Peer>(loop_, std::move(mine));
    supervisor_->channel->post(wire::Attach{process, script, std::move(lines)}, theirs.get());
    return *peer;
  }
  wire::Result declare(Peer& peer, std::uint32_t number, const std::string& line, bool safe = false,
                       std::uint32_t maxOnMs = 0) {
    peer.channel->post(wire::DeclareOutput{++request_, number, line, safe, false, 0, 0, 300, maxOnMs, 100});
    return peer.answer(request_);
  }
  wire::Result drive(Peer& peer, std::uint32_t number, bool on, std::uint32_t pulseMs = 0) {
    peer.channel->post(wire::Drive{++request_, number, on, 0, pulseMs});
    return peer.answer(request_);
  }
  // A guard's time passes; its timers, which count real time, are not waited for.
  void pass(int ms) {
    now_ += milliseconds(ms);
    supervisor_->channel->post(wire::Heartbeat{});
    turn();
  }
  // Everything said so far has been read and answered.
  void turn() {
    for (int i = 0; i < 8; ++i)
      uv_run(loop_.uv(), UV_RUN_NOWAIT);
  }
  std::string file() const { return files_.read("outputs"); }

  void TearDown() override {
    guard_.reset();
    hosts_.clear();
    supervisor_.reset();
  }

  TempDirectory files_;
  RecordingBoard board_;
  Loop loop_;
  MotionRules::Time now_ = std::chrono::hours(1);
  std::uint32_t request_ = 0;
  std::optional<Peer> supervisor_;
  std::map<std::uint64_t, std::unique_ptr<Peer>> hosts_;
  std::optional<Guard> guard_;
};

TEST_F(GuardTest, RefusesLinesThatTheScriptIsNotGranted) {
  startGuard();
  Peer& desk = host(1, "desk", {"GPIO7", "GPIO99"});
  EXPECT_EQ(declare(desk, 1, "GPIO7").code, "");
  const wire::Result refused = declare(desk, 2, "GPIO8");
  EXPECT_EQ(refused.code, "ERR_PERMISSION");
  EXPECT_EQ(refused.message, "not granted: add \"GPIO8\" to lines in [permissions] of desk.toml");
}

TEST_F(GuardTest, HoldsADeclaredLineAtItsSafeLevelAndDrivesItWhenAsked) {
  startGuard();
  Peer& desk = host(1);
  board_.levels[3] = true;
  EXPECT_EQ(declare(desk, 1, "GPIO3").code, "");
  EXPECT_FALSE(board_.level(3));
  EXPECT_EQ(drive(desk, 1, true).code, "");
  EXPECT_TRUE(board_.level(3));
  EXPECT_EQ(drive(desk, 1, false).code, "");
  EXPECT_FALSE(board_.level(3));
}

TEST_F(GuardTest, SafeMayBeHigh) {
  startGuard();
  Peer& desk = host(1);
  EXPECT_EQ(declare(desk, 1, "GPIO3", true).code, "");
  EXPECT_TRUE(board_.level(3));
  EXPECT_EQ(drive(desk, 1, true).code, "");
  EXPECT_FALSE(board_.level(3));
}

TEST_F(GuardTest, NamesWhatIsWrongWithADeclaration) {
  startGuard();
  Peer& desk = host(1);
  EXPECT_THAT(declare(desk, 1, "GPIO99").message, HasSubstr("GPIO99"));
  EXPECT_EQ(declare(desk, 1, "GPIO3").code, "");
  EXPECT_EQ(declare(desk, 1, "GPIO4").code, "ERR_INVALID_ARGUMENT");
  EXPECT_EQ(declare(desk, 2, "GPIO3").code, "EBUSY");
  EXPECT_EQ(drive(desk, 9, true).code, "ERR_CLOSED");
}

TEST_F(GuardTest, DrivesSafeWhenTheProcessEndsAndSaysSo) {
  startGuard();
  Peer& desk = host(1);
  Peer& other = host(2, "other");
  declare(desk, 1, "GPIO3");
  declare(other, 1, "GPIO4");
  drive(desk, 1, true);
  drive(other, 1, true);
  hosts_[1].reset();
  EXPECT_TRUE(runUntil(loop_, [&] { return !supervisor_->all<wire::Detached>().empty(); }));
  EXPECT_EQ(supervisor_->all<wire::Detached>().at(0).process, 1u);
  EXPECT_FALSE(board_.level(3));
  EXPECT_TRUE(board_.level(4)) << "another script's";
  const auto logs = supervisor_->all<wire::Log>();
}

TEST_F(GuardTest, DrivesSafeWhenTheSupervisorEnds) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  drive(desk, 1, true);
  supervisor_.reset();
  loop_.run();
  EXPECT_FALSE(board_.level(3));
}

TEST_F(GuardTest, DrivesSafeWhenALeaseRunsOutAndTellsTheScript) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  drive(desk, 1, true);
  pass(200);
  desk.channel->post(wire::Renew{1});
  turn();
  pass(200);
  EXPECT_TRUE(board_.level(3));
  pass(101);
  EXPECT_TRUE(runUntil(loop_, [&] { return !desk.all<wire::Expired>().empty(); }));
  EXPECT_FALSE(board_.level(3));
  EXPECT_EQ(desk.all<wire::Expired>().at(0).reason, "lease");
}

TEST_F(GuardTest, AsksTheSupervisorToSayThatItLivesOnlyWhileSomethingIsOn) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  turn();
  ASSERT_EQ(supervisor_->all<wire::Driving>().size(), 1u) << "that it is there";
  EXPECT_EQ(supervisor_->all<wire::Driving>()[0].leaseMs, 0u);
  drive(desk, 1, true);
  turn();
  ASSERT_EQ(supervisor_->all<wire::Driving>().size(), 2u);
  EXPECT_EQ(supervisor_->all<wire::Driving>()[1].leaseMs, 300u);
  now_ += milliseconds(299);
  desk.channel->post(wire::Renew{1});  // the script lives, and deskd is silent
  turn();
  now_ += milliseconds(1);
  EXPECT_TRUE(runUntil(loop_, [&] { return !desk.all<wire::Expired>().empty(); }));
  EXPECT_EQ(desk.all<wire::Expired>().at(0).reason, "supervisor");
  turn();
  EXPECT_EQ(supervisor_->all<wire::Driving>().back().leaseMs, 0u);
}

TEST_F(GuardTest, KeepsInterlockAndDeadTime) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  declare(desk, 2, "GPIO4");
  desk.channel->post(wire::Interlock{++request_, {1, 2}, 500});
  EXPECT_EQ(desk.answer(request_).code, "");
  EXPECT_EQ(drive(desk, 1, true).code, "ERR_DEAD_TIME") << "who knows what was on before the guard had it";
  pass(500);
  EXPECT_EQ(drive(desk, 1, true).code, "");
  EXPECT_EQ(drive(desk, 2, true).code, "ERR_INTERLOCK");
  drive(desk, 1, false);
  EXPECT_EQ(drive(desk, 2, true).code, "ERR_DEAD_TIME");
  EXPECT_FALSE(board_.level(4));
  pass(500);
  EXPECT_EQ(drive(desk, 2, true).code, "");
}

TEST_F(GuardTest, DeadTimeCountsFromWhenTheLineWasOff) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  declare(desk, 2, "GPIO4");
  desk.channel->post(wire::Interlock{++request_, {1, 2}, 20});
  EXPECT_EQ(desk.answer(request_).code, "");
  pass(1000);
  EXPECT_EQ(drive(desk, 1, true).code, "");
  board_.takesTime = [this] { now_ += milliseconds(5); };
  pass(300);
  EXPECT_TRUE(runUntil(loop_, [&] { return !desk.all<wire::Expired>().empty(); }));
  board_.takesTime = nullptr;
  EXPECT_FALSE(board_.level(3));
  now_ += milliseconds(19);
  EXPECT_EQ(drive(desk, 2, true).code, "ERR_DEAD_TIME");
  now_ += milliseconds(1);
  EXPECT_EQ(drive(desk, 2, true).code, "");
}

TEST_F(GuardTest, DeadTimeOutlivesTheScriptsProcess) {
  startGuard();
  {
    Peer& desk = host(1);
    declare(desk, 1, "GPIO3");
    pass(1000);
    EXPECT_EQ(drive(desk, 1, true).code, "");
  }
  hosts_[1].reset();
  turn();
  Peer& again = host(2);
  declare(again, 1, "GPIO3");
  declare(again, 2, "GPIO4");
  again.channel->post(wire::Interlock{++request_, {1, 2}, 500});
  again.answer(request_);
  pass(400);
  EXPECT_EQ(drive(again, 2, true).code, "ERR_DEAD_TIME");
  pass(100);
  EXPECT_EQ(drive(again, 2, true).code, "");
}

TEST_F(GuardTest, APulseEndsByItself) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  EXPECT_EQ(drive(desk, 1, true, 20).code, "");
  EXPECT_TRUE(board_.level(3));
  now_ += milliseconds(20);
  EXPECT_TRUE(runUntil(loop_, [&] { return !board_.level(3); }));
}

TEST_F(GuardTest, HoldsTheLineOfADeadScriptUntilItIsDeclaredAgainOrSettled) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  declare(desk, 2, "GPIO4");
  const int requests = board_.requests;
  hosts_[1].reset();
  turn();
  EXPECT_TRUE(board_.held.contains(3));
  Peer& again = host(2);
  EXPECT_EQ(declare(again, 7, "GPIO3").code, "");
  EXPECT_EQ(board_.requests, requests) << "never let go in between";
  supervisor_->channel->post(wire::Settled{"desk"});
  turn();
  EXPECT_TRUE(board_.held.contains(3));
  EXPECT_FALSE(board_.held.contains(4)) << "the new version does not use it";
}

TEST_F(GuardTest, LetsALineGoThatIsClosed) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  drive(desk, 1, true);
  desk.channel->post(wire::Forget{1});
  turn();
  EXPECT_FALSE(board_.level(3));
  EXPECT_FALSE(board_.held.contains(3));
}

TEST_F(GuardTest, TellsWhenALineCannotBeDriven) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  board_.failSets = 1;
  EXPECT_EQ(drive(desk, 1, true).code, "EIO");
  EXPECT_EQ(drive(desk, 1, true).code, "") << "it does not count as on";
}

TEST_F(GuardTest, TriesUntilALineIsSafeAndLetsNothingElseOfItsScriptMoveMeanwhile) {
  startGuard();
  Peer& desk = host(1);
  Peer& other = host(2, "other");
  declare(desk, 1, "GPIO3");
  declare(desk, 2, "GPIO4");
  declare(other, 1, "GPIO5");
  drive(desk, 1, true);
  board_.failLine = 3;
  pass(301);
  EXPECT_TRUE(runUntil(loop_, [&] { return !desk.all<wire::Expired>().empty(); }));
  EXPECT_TRUE(board_.level(3));
  EXPECT_EQ(drive(desk, 2, true).code, "ERR_UNSAFE");
  EXPECT_EQ(drive(other, 1, true).code, "");
  board_.failLine.reset();
  EXPECT_TRUE(runUntil(loop_, [&] { return !board_.level(3); }));
  EXPECT_EQ(drive(desk, 2, true).code, "");
}

TEST_F(GuardTest, ALineThatCannotBeMadeSafeIsNotLetGo) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  drive(desk, 1, true);
  board_.failLine = 3;
  hosts_[1].reset();
  turn();
  supervisor_->channel->post(wire::Settled{"desk"});
  turn();
  EXPECT_TRUE(board_.held.contains(3));
  Peer& again = host(2);
  EXPECT_EQ(declare(again, 1, "GPIO3").code, "EIO");
  board_.failLine.reset();
  EXPECT_TRUE(runUntil(loop_, [&] { return !board_.level(3); }));
  EXPECT_EQ(declare(again, 1, "GPIO3").code, "");
}

TEST_F(GuardTest, StaysForALineThatCannotBeMadeSafeWhenTheSupervisorEnds) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  drive(desk, 1, true);
  board_.failLine = 3;
  supervisor_.reset();
  Timer repair(loop_, [&] { board_.failLine.reset(); });
  repair.start(milliseconds(15));
  loop_.run();
  EXPECT_FALSE(board_.level(3));
}

TEST_F(GuardTest, ANewGuardFindsTheLinesOfTheLastOneAndMakesThemSafe) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  declare(desk, 2, "GPIO5", true);
  drive(desk, 1, true);
  drive(desk, 2, true);
  hosts_.clear();
  guard_.reset();  // killed: it does nothing more, and the board keeps its levels
  board_.levels[3] = true;
  board_.levels[5] = false;
  supervisor_.reset();
  startGuard();
  EXPECT_FALSE(board_.level(3));
  EXPECT_TRUE(board_.level(5));
  EXPECT_TRUE(board_.held.contains(3));
}

TEST_F(GuardTest, ReleaseMakesSafeWhatTheFileLists) {
  startGuard();
  Peer& desk = host(1);
  declare(desk, 1, "GPIO3");
  drive(desk, 1, true);
  hosts_.clear();
  guard_.reset();
  board_.levels[3] = true;
  EXPECT_EQ(releaseOutputs(board_, files_.path("outputs")), 0);
  EXPECT_FALSE(board_.level(3));
  EXPECT_FALSE(board_.held.contains(3));
  EXPECT_EQ(releaseOutputs(board_, files_.path("none")), 0);
  files_.write("bad", "nonsense\n");
  EXPECT_EQ(releaseOutputs(board_, files_.path("bad")), 1);
}

class FailsafeTest : public GuardTest {
 protected:
  wire::Result declareFailsafe(Peer& peer, std::uint32_t number) {
    const UniqueFd port(::open(pty_.path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    peer.channel->post(wire::DeclareFailsafe{++request_, number, pty_.path(), {0xf1, 0x2b}, 300}, port.get());
    return peer.answer(request_);
  }
  // What the device has received since it was last asked.
  std::vector<std::uint8_t> received() {
    std::vector<std::uint8_t> bytes(256);
    bytes.resize(pty_.read(bytes));
    return bytes;
  }
  Pty pty_;
};

TEST_F(FailsafeTest, WritesTheStopBytesWhenAnArmedPortsProcessEnds) {
  startGuard();
  Peer& desk = host(1);
  EXPECT_EQ(declareFailsafe(desk, 1).code, "");
  EXPECT_EQ(drive(desk, 1, true).code, "");
  EXPECT_THAT(received(), IsEmpty());
  hosts_[1].reset();
  turn();
  EXPECT_THAT(received(), ElementsAre(0xf1, 0x2b));
}

TEST_F(FailsafeTest, WritesNothingForAPortThatIsNotArmed) {
  startGuard();
  Peer& desk = host(1);
  declareFailsafe(desk, 1);
  drive(desk, 1, true);
  drive(desk, 1, false);
  hosts_[1].reset();
  turn();
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(FailsafeTest, WritesTheStopBytesWhenTheLeaseRunsOut) {
  startGuard();
  Peer& desk = host(1);
  declareFailsafe(desk, 1);
  drive(desk, 1, true);
  pass(301);
  EXPECT_TRUE(runUntil(loop_, [&] { return !desk.all<wire::Expired>().empty(); }));
  EXPECT_THAT(received(), ElementsAre(0xf1, 0x2b));
}

TEST_F(FailsafeTest, MakesRoomForTheStopBytesInAFullBuffer) {
  startGuard();
  Peer& desk = host(1);
  declareFailsafe(desk, 1);
  drive(desk, 1, true);
  const UniqueFd port(::open(pty_.path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  const std::vector<std::uint8_t> old(4096, 0x55);
  while (::write(port.get(), old.data(), old.size()) > 0) {
  }
  hosts_[1].reset();
  turn();
  std::vector<std::uint8_t> all;
  for (auto some = received(); !some.empty(); some = received())
    all.insert(all.end(), some.begin(), some.end());
  ASSERT_GE(all.size(), 2u);
  EXPECT_EQ(all.back(), 0x2b);
}

// As after its death, with the script's process gone, too.
class NextGuardTest : public FailsafeTest {
 protected:
  void replaceGuard() {
    guard_.reset();
    hosts_.clear();
    supervisor_.reset();
    received();
    startGuard();
  }
};

TEST_F(NextGuardTest, StopsThePortsThatTheLastOneHadArmed) {
  startGuard();
  Peer& desk = host(1);
  declareFailsafe(desk, 1);
  drive(desk, 1, true);
  replaceGuard();
  EXPECT_THAT(received(), ElementsAre(0xf1, 0x2b));
}

TEST_F(NextGuardTest, LeavesPortsAloneThatNobodyHadArmed) {
  startGuard();
  Peer& desk = host(1);
  declareFailsafe(desk, 1);
  drive(desk, 1, true);
  drive(desk, 1, false);
  replaceGuard();
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(NextGuardTest, LeavesPortsAloneThatTheLastOneHasStopped) {
  startGuard();
  Peer& desk = host(1);
  declareFailsafe(desk, 1);
  drive(desk, 1, true);
  pass(301);
  EXPECT_TRUE(runUntil(loop_, [&] { return !desk.all<wire::Expired>().empty(); }));
  replaceGuard();
  EXPECT_THAT(received(), IsEmpty());
}

// Whatever a broken or hostile process says, other scripts' outputs are not its own, and nothing stays on
// when it goes.
TEST_F(GuardTest, SurvivesAnythingAProcessSays) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  setLogLevel(Priority::error);
  setLogSink([](const LogRecord&) {});
  startGuard();
  Peer& good = host(1, "good");
  declare(good, 1, "GPIO9");
  drive(good, 1, true);
  for (int round = 0; round < 300; ++round) {
    auto [mine, theirs] = wire::socketPair();
    supervisor_->channel->post(wire::Attach{static_cast<std::uint64_t>(100 + round), "bad", {"*"}},
                               theirs.get());
    theirs.reset();
    ASSERT_EQ(::fcntl(mine.get(), F_SETFL, O_NONBLOCK), 0);
    const auto number = [&] { return static_cast<std::uint32_t>(random() % 4); };
    for (int i = 0; i < 20; ++i) {
      const std::vector<wire::Any> choice{
          wire::DeclareOutput{1, number(), "GPIO" + std::to_string(random() % 12), random() % 2 == 0,
                              random() % 2 == 0, static_cast<std::uint8_t>(random() % 5),
                              static_cast<std::uint8_t>(random() % 6), number() * 100, number(), number()},
          wire::Drive{2, number(), random() % 2 == 0, number(), number()},
          wire::Interlock{3, {number(), number()}, number()},
          wire::Renew{number()},
          wire::Forget{number()},
          wire::DeclareFailsafe{4, number(), "/x", {1}, 100},
          wire::Heartbeat{},
          wire::Attach{1, "x", {"*"}},
          wire::Detached{1}};
      auto bytes = wire::encode(choice[random() % choice.size()]);
      if (random() % 4 == 0) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
      if (::write(mine.get(), bytes.data(), bytes.size()) < 0) break;
    }
    if (random() % 4 == 0) pass(50);
    turn();
    mine.reset();
    turn();
    supervisor_->channel->post(wire::Settled{"bad"});
    drive(good, 1, true);
    for (unsigned offset = 0; offset < 9; ++offset)
      ASSERT_FALSE(board_.held.contains(offset)) << "round " << round;
    ASSERT_TRUE(board_.level(9)) << "round " << round;
  }
  setLogSink({});
  setLogLevel(Priority::info);
}

}  // namespace
}  // namespace deskd
