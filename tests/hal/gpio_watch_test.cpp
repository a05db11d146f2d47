// SPDX-License-Identifier: Apache-2.0
#include "hal/gpio_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <system_error>

#include "tests/fakes/fake_gpio.h"
#include "tests/hal/loop_runner.h"

namespace deskd {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t ms = 1'000'000;

class Watching : public testing::Test {
 protected:
  void open(GpioInputOptions options) {
    options.lines = {{"gpiochip0", 17}};
    watch_.emplace(loop_, gpio_.input(options), options,
                   GpioWatchHandlers{[this](const GpioEvent& event) {
                                       seen_.push_back(event.rising ? "rise" : "fall");
                                       events_.push_back(event);
                                       if (closeAt_ == seen_.size()) watch_->close();
                                     },
                                     [this](const std::exception_ptr& failure) { failure_ = failure; }});
  }
  bool sees(std::size_t count) {
    return runUntil(loop_, [&] { return seen_.size() >= count; });
  }

  Loop loop_;
  FakeGpio gpio_;
  std::vector<std::string> seen_;
  std::vector<GpioEvent> events_;
  std::size_t closeAt_ = 0;
  std::exception_ptr failure_;
  std::optional<GpioWatch> watch_;  // declared last: before the loop goes
};

TEST_F(Watching, DeliversEventsInOrder) {
  open({.edge = GpioEdge::both});
  gpio_.drive(17, true, 5);
  gpio_.drive(17, false, 6);
  ASSERT_TRUE(sees(2));
  EXPECT_THAT(seen_, ElementsAre("rise", "fall"));
  EXPECT_EQ(events_[1].timestampNs, 6u);
  EXPECT_EQ(events_[1].sequence, 2u);
  EXPECT_EQ(watch_->lost(), 0u);
}

TEST_F(Watching, CountsTheEventsThatTheKernelForgot) {
  open({.edge = GpioEdge::both});
  gpio_.drive(17, true, 5, 3);
  gpio_.drive(17, false, 6);
  gpio_.drive(17, true, 7, 2);
  ASSERT_TRUE(sees(3));
  EXPECT_EQ(watch_->lost(), 5u);
}

TEST_F(Watching, SaysNothingMoreOnceItIsClosed) {
  open({.edge = GpioEdge::both});
  closeAt_ = 1;
  gpio_.drive(17, true);
  gpio_.drive(17, false);
  ASSERT_TRUE(sees(1));
  runFor(loop_, Milliseconds(20));
  EXPECT_THAT(seen_, ElementsAre("rise"));
  EXPECT_THAT(gpio_.log, ElementsAre("release 17"));
  watch_->close();
}

TEST_F(Watching, LeavesDebouncingToAKernelThatDoesIt) {
  open({.edge = GpioEdge::both, .debounceUs = 20'000});
  gpio_.drive(17, true);
  gpio_.drive(17, false);
  ASSERT_TRUE(sees(2));
}

TEST_F(Watching, DebouncesWhereTheKernelDoesNot) {
  gpio_.kernelDebounces = false;
  open({.edge = GpioEdge::both, .debounceUs = 20'000});
  std::uint64_t last = 0;
  for (int bounce = 0; bounce < 9; ++bounce)
    gpio_.drive(17, bounce % 2 == 0, last = monotonicNs());
  EXPECT_THAT(watch_->levels(), ElementsAre(false)) << "not settled yet";
  ASSERT_TRUE(sees(1));
  EXPECT_GE(monotonicNs(), last + 20 * ms);
  EXPECT_EQ(events_[0].timestampNs, last + 20 * ms);
  EXPECT_THAT(watch_->levels(), ElementsAre(true));
  runFor(loop_, Milliseconds(40));
  EXPECT_THAT(seen_, ElementsAre("rise"));

  gpio_.drive(17, false);
  gpio_.drive(17, true);
  runFor(loop_, Milliseconds(40));
  EXPECT_THAT(seen_, ElementsAre("rise")) << "it came back";
}

TEST_F(Watching, DebouncesTheValueOfAnInputWithoutEdges) {
  gpio_.kernelDebounces = false;
  open({.edge = GpioEdge::none, .debounceUs = 5000});
  gpio_.drive(17, true);
  EXPECT_THAT(watch_->levels(), ElementsAre(false));
  ASSERT_TRUE(runUntil(loop_, [&]() -> bool { return watch_->levels().front(); }));
  EXPECT_THAT(seen_, IsEmpty());
}

TEST_F(Watching, MayBeClosedByADebouncedEvent) {
  gpio_.kernelDebounces = false;
  open({.edge = GpioEdge::both, .debounceUs = 1000});
  closeAt_ = 1;
  const std::uint64_t now = monotonicNs();
  gpio_.drive(17, true, now - 100 * ms);
  gpio_.drive(17, false, now - 50 * ms);
  ASSERT_TRUE(sees(1));
  runFor(loop_, Milliseconds(20));
  EXPECT_THAT(seen_, ElementsAre("rise"));
}

TEST_F(Watching, EndsWithWhatReadingFailsWith) {
  open({.edge = GpioEdge::both});
  gpio_.failures["read"] = ENODEV;
  gpio_.drive(17, true);
  ASSERT_TRUE(runUntil(loop_, [&] { return failure_ != nullptr; }));
  try {
    std::rethrow_exception(failure_);
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENODEV);
  }
  EXPECT_TRUE(watch_->closed());
  EXPECT_THAT(seen_, IsEmpty());
}

}  // namespace
}  // namespace deskd
