// SPDX-License-Identifier: Apache-2.0
// The simulated desk and a serial link, on one loop and a real pseudo-terminal.
#include "hal/sim/jiecang_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "hal/serial_link.h"
#include "tests/fakes/temp_directory.h"
#include "tests/hal/framings.h"
#include "tests/hal/loop_runner.h"

namespace deskd {
namespace {

using namespace test;

class JiecangRunnerTest : public testing::Test {
 protected:
  void start(JiecangOptions options) {
    options.asleepAfterMs = 0;
    options.speedMmPerS = 1000;
    runner_ = std::make_unique<JiecangRunner>(loop_, options, CableOptions{directory_.path("desk"), {}});
    SerialLinkOptions link;
    link.port.path = runner_->path();
    link.framing = jiecang();
    link.retryMs = 5;
    link_ = std::make_unique<SerialLink>(
        loop_, link,
        SerialLinkHandlers{[this](auto frame) { said_.push_back(toHex(frame)); },
                           [this](const std::system_error&) { said_.push_back("disconnect"); },
                           [this] { said_.push_back("reconnect"); }});
  }
  bool untilSaid(const std::string& what) {
    return runUntil(loop_, [&] { return std::find(said_.begin(), said_.end(), what) != said_.end(); });
  }

  TempDirectory directory_;
  Loop loop_;
  std::vector<std::string> said_;
  std::unique_ptr<JiecangRunner> runner_;
  std::unique_ptr<SerialLink> link_;
};

TEST_F(JiecangRunnerTest, MovesToTheMillimetreOverAPort) {
  start({});
  link_->write(hex("F1F11B0203E8087E"));
  ASSERT_TRUE(untilSaid("F2F21B0203E8087E"));
  ASSERT_TRUE(runUntil(loop_, [&] { return runner_->desk().heightMm() == 1000; }));
  EXPECT_TRUE(runUntil(loop_, [&] { return said_.back().starts_with("F2F2010303E8"); }));
}

TEST_F(JiecangRunnerTest, IsUnderstoodThroughNoiseAndDribble) {
  JiecangOptions options;
  options.noise = true;
  options.split = ByteSplit::bytes;
  start(options);
  for (int round = 0; round < 20; ++round) {
    said_.clear();
    link_->write(hex("F1F10C000C7E"));
    ASSERT_TRUE(untilSaid("F2F2070404F6026C737E")) << round;
  }
}

TEST_F(JiecangRunnerTest, KeepsMovingWhileTheCableIsOut) {
  start({});
  link_->write(hex("F1F11B0204B0D17E"));
  ASSERT_TRUE(untilSaid("F2F21B0204B0D17E"));
  runner_->unplug();
  ASSERT_TRUE(untilSaid("disconnect"));
  ASSERT_TRUE(runUntil(loop_, [&] { return runner_->desk().heightMm() == 1200; }));
  runner_->plug();
  ASSERT_TRUE(untilSaid("reconnect"));
  link_->write(hex("F1F10000007E"));
  EXPECT_TRUE(runUntil(loop_, [&] { return said_.back().starts_with("F2F2010304B0"); }));
}

TEST_F(JiecangRunnerTest, TellsTheSerialSideOfTheHandset) {
  start({});
  runner_->act([](JiecangDesk& desk, std::uint64_t nowMs) { desk.pressHandset(HandsetKey::down, nowMs); });
  ASSERT_TRUE(runUntil(loop_, [&] { return !said_.empty() && said_.back().starts_with("F2F20103026C"); }))
      << "at the bottom";
  EXPECT_EQ(runner_->desk().heightMm(), 620);
}

}  // namespace
}  // namespace deskd
