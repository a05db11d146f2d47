// SPDX-License-Identifier: Apache-2.0
// A script's side of the guard, against a real one that dies and comes back.
#include "daemon/host/guard_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/guard/guard.h"
#include "tests/fakes/run_until.h"
#include "tests/guard/recording_chips.h"

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class GuardClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    setLogSink([](const LogRecord&) {});
    startGuard();
  }
  void TearDown() override {
    guard_.reset();
    supervisor_.reset();
    setLogSink({});
  }
  void startGuard() {
    guard_.reset();
    auto [mine, theirs] = wire::socketPair();
    supervisor_.emplace(loop_, std::move(mine),
                        wire::Channel::Handlers{[](wire::Any&&) {}, [](const std::string&) {}});
    guard_.emplace(loop_, board_, std::move(theirs), Guard::Options{"", [this] { return now_; }});
    auto [guards, hosts] = wire::socketPair();
    supervisor_->post(wire::Attach{++process_, "desk", {"*"}}, guards.get());
    client_.connect(std::move(hosts));
  }
  // What the request ended with, "ok" or its code.
  template <class Request>
  std::string ask(const Request& request) {
    std::string said;
    request([&](const Outcome& outcome) { said = outcome.ok() ? "ok" : outcome.code; });
    EXPECT_TRUE(runUntil(loop_, [&] { return !said.empty(); }));
    return said;
  }
  GuardPort::Output declare(const std::string& line) {
    MotionOutputOptions options;
    options.line = line;
    options.leaseMs = 300;
    GuardPort::Output output = 0;
    EXPECT_EQ(ask([&](Done done) {
                output = client_.declare(
                    options,
                    [this, line](const std::string& reason) { ended_.push_back(line + " " + reason); },
                    std::move(done));
              }),
              "ok");
    return output;
  }
  std::string drive(GuardPort::Output output, bool on) {
    return ask([&](Done done) { client_.drive(output, on, 0, 0, std::move(done)); });
  }

  Loop loop_;
  RecordingBoard board_;
  MotionRules::Time now_ = std::chrono::hours(1);
  std::uint64_t process_ = 0;
  std::optional<wire::Channel> supervisor_;
  std::optional<Guard> guard_;
  GuardClient client_{loop_};
  std::vector<std::string> ended_;
};

TEST_F(GuardClientTest, DeclaresEverythingAgainToTheNextGuardAndTellsThatItIsOff) {
  const auto up = declare("GPIO3");
  EXPECT_EQ(drive(up, true), "ok");
  startGuard();
  EXPECT_TRUE(runUntil(loop_, [&] { return board_.held.contains(3); }));
  EXPECT_THAT(ended_, ElementsAre("GPIO3 guard"));
  EXPECT_FALSE(board_.level(3));
  EXPECT_EQ(drive(up, true), "ok");
}

TEST_F(GuardClientTest, KeepsAnInterlockOverTheGuardsDeath) {
  const auto up = declare("GPIO3");
  const auto down = declare("GPIO4");
  EXPECT_EQ(ask([&](Done done) { client_.interlock({up, down}, 100, std::move(done)); }), "ok");
  startGuard();
  now_ += std::chrono::milliseconds(200);
  EXPECT_EQ(drive(up, true), "ERR_DEAD_TIME") << "declared just now";
  now_ += std::chrono::milliseconds(200);
  EXPECT_EQ(drive(up, true), "ok");
  EXPECT_EQ(drive(down, true), "ERR_INTERLOCK");
}

TEST_F(GuardClientTest, WithoutItsInterlockNothingOfAGroupMoves) {
  const auto up = declare("GPIO3");
  const auto down = declare("GPIO4");
  const auto tilt = declare("GPIO5");
  EXPECT_EQ(ask([&](Done done) { client_.interlock({up, down, tilt}, 100, std::move(done)); }), "ok");
  guard_.reset();
  board_.held.insert(5);  // somebody else has taken it in between
  startGuard();
  EXPECT_TRUE(runUntil(loop_, [&] {
    return std::any_of(ended_.begin(), ended_.end(), [](const std::string& text) {
      return text.find("its interlock") != std::string::npos;
    });
  }));
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(drive(up, true), "ERR_CLOSED");
  EXPECT_EQ(drive(down, true), "ERR_CLOSED");
  EXPECT_FALSE(board_.level(3));
}

TEST_F(GuardClientTest, RefusesWhileThereIsNoGuard) {
  const auto up = declare("GPIO3");
  guard_.reset();
  supervisor_.reset();
  EXPECT_EQ(drive(up, true), "ERR_GUARD");
}

}  // namespace
}  // namespace deskd
