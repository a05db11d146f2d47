// SPDX-License-Identifier: Apache-2.0
#include "hal/cron/wall_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <vector>

#include "tests/fakes/temp_directory.h"
#include "tests/hal/loop_runner.h"

namespace deskd {
namespace {

using test::runFor;
using test::runUntil;

constexpr Milliseconds never(24 * 3'600'000);

// The kernel's clock, which nobody may set, with sources of the test's own.
class SystemClock : public testing::Test {
 protected:
  void make(Milliseconds askAgain = never) {
    clock_ = makeSystemClock(loop_, [this] { ++looks_; },
                             {directory_.path("systemd/timesync"), [this] { return kernel_; }, askAgain});
  }
  void TearDown() override {
    clock_.reset();
    EXPECT_EQ(loop_.close(), 0);
  }

  TempDirectory directory_;
  bool kernel_ = false;
  int looks_ = 0;
  Loop loop_;
  std::unique_ptr<WallClock> clock_;
};

TEST_F(SystemClock, TellsTheTime) {
  make();
  const auto before = std::chrono::system_clock::now();
  const ClockReading reading = clock_->read();
  const auto time = std::chrono::system_clock::time_point(Milliseconds(reading.wallMs));
  EXPECT_LE(std::chrono::floor<Milliseconds>(before), time);
  EXPECT_LE(time, std::chrono::system_clock::now());
  EXPECT_TRUE(reading.plausible);
  EXPECT_FALSE(reading.synchronised);
}

TEST_F(SystemClock, LooksWhenItIsTimeAndNotBefore) {
  make();
  const std::int64_t at = clock_->read().wallMs + 30;
  clock_->watch(at);
  ASSERT_TRUE(runUntil(loop_, [&] { return looks_ > 0; }));
  EXPECT_GE(clock_->read().wallMs, at);
  runFor(loop_, Milliseconds(20));
  EXPECT_EQ(looks_, 1);
}

TEST_F(SystemClock, LooksAtOnceForATimeThatHasPassed) {
  make();
  clock_->watch(-5);
  EXPECT_TRUE(runUntil(loop_, [&] { return looks_ > 0; }));
  looks_ = 0;
  clock_->watch(clock_->read().wallMs);
  EXPECT_TRUE(runUntil(loop_, [&] { return looks_ > 0; }));
}

TEST_F(SystemClock, WaitsWithoutATimeForChangesAlone) {
  make();
  clock_->watch(clock_->read().wallMs + 5);
  clock_->watch(std::nullopt);
  runFor(loop_, Milliseconds(30));
  EXPECT_EQ(looks_, 0);
}

TEST_F(SystemClock, IsSynchronisedByTheKernelAndStaysIt) {
  make();
  EXPECT_FALSE(clock_->read().synchronised);
  kernel_ = true;
  EXPECT_TRUE(clock_->read().synchronised);
  kernel_ = false;
  EXPECT_TRUE(clock_->read().synchronised);
}

TEST_F(SystemClock, IsSynchronisedByTheFileOfTimesyncd) {
  directory_.write("systemd/timesync/synchronized", "");
  make();
  EXPECT_TRUE(clock_->read().synchronised);
}

TEST_F(SystemClock, LooksWhenTheFileAppears) {
  directory_.write("systemd/timesync/other", "");
  make();
  clock_->watch(std::nullopt);
  runFor(loop_, Milliseconds(5));
  EXPECT_EQ(looks_, 0);
  directory_.write("systemd/timesync/synchronized", "");
  ASSERT_TRUE(runUntil(loop_, [&] { return looks_ > 0; }));
  EXPECT_TRUE(clock_->read().synchronised);
}

TEST_F(SystemClock, LooksWhenTheFileAppearsInADirectoryThatWasNotThere) {
  std::filesystem::create_directories(directory_.path("systemd"));
  make();
  clock_->watch(std::nullopt);
  std::filesystem::create_directories(directory_.path("systemd/timesync"));
  runFor(loop_, Milliseconds(5));
  EXPECT_EQ(looks_, 0);
  directory_.write("systemd/timesync/synchronized", "");
  EXPECT_TRUE(runUntil(loop_, [&] { return looks_ > 0; }));
}

TEST_F(SystemClock, AsksTheKernelAgainWhereNobodyTells) {
  make(Milliseconds(5));
  clock_->watch(std::nullopt);
  runFor(loop_, Milliseconds(20));
  EXPECT_EQ(looks_, 0);
  kernel_ = true;
  EXPECT_TRUE(runUntil(loop_, [&] { return looks_ > 0; }));
}

TEST_F(SystemClock, LooksAlsoIfSomethingElseWasFirstToSeeThatItIsSynchronised) {
  make();
  clock_->watch(std::nullopt);
  kernel_ = true;
  EXPECT_TRUE(clock_->read().synchronised);
  clock_->watch(std::nullopt);
  ASSERT_TRUE(runUntil(loop_, [&] { return looks_ > 0; }));
  clock_->watch(std::nullopt);
  runFor(loop_, Milliseconds(20));
  EXPECT_EQ(looks_, 1);
}

TEST_F(SystemClock, LooksOnceMoreIfItBecomesSynchronisedInTheMiddleOfALook) {
  std::vector<bool> seen;
  std::unique_ptr<WallClock> clock;
  clock = makeSystemClock(loop_,
                          [&] {
                            seen.push_back(clock->read().synchronised);
                            kernel_ = true;
                            clock->watch(std::nullopt);
                          },
                          {directory_.path("systemd/timesync"), [this] { return kernel_; }, never});
  clock->watch(1);
  ASSERT_TRUE(runUntil(loop_, [&] { return seen.size() > 1; }));
  EXPECT_THAT(seen, testing::ElementsAre(false, true));
}

TEST_F(SystemClock, KeepsTheLoopGoingOnlyWhileItWatches) {
  make();
  loop_.run();  // returns: nothing to wait for
  clock_->watch(clock_->read().wallMs + 10);
  clock_->rest();
  loop_.run();
  EXPECT_EQ(looks_, 0);
}

TEST_F(SystemClock, MayBeToldToRestWhileItLooks) {
  std::unique_ptr<WallClock> clock;
  clock = makeSystemClock(loop_, [&] { clock->rest(); },
                          {directory_.path("systemd/timesync"), [this] { return kernel_; }, Milliseconds(1)});
  clock->watch(std::nullopt);
  kernel_ = true;
  loop_.run();
  clock->watch(1);
  loop_.run();
}

TEST_F(SystemClock, NeedsNoTimerOnceItIsSynchronised) {
  kernel_ = true;
  make(Milliseconds(1));
  clock_->watch(std::nullopt);
  runFor(loop_, Milliseconds(20));
  EXPECT_EQ(looks_, 0);
}

}  // namespace
}  // namespace deskd
