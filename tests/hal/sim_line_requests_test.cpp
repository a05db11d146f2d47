// SPDX-License-Identifier: Apache-2.0
// Requests of lines as the kernel serves them, on the simulated board; time is handed in.
#include "hal/sim/line_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <system_error>

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kMs = 1'000'000;

class SimLineRequestsTest : public testing::Test {
 protected:
  GpioAddress at(unsigned offset) const { return {"gpiochip0", offset}; }
  GpioOutputOptions outputOf(unsigned offset, bool value) const {
    GpioOutputOptions options;
    options.lines = {at(offset)};
    options.values = {value};
    return options;
  }
  GpioInputOptions inputOf(unsigned offset, GpioEdge edge = GpioEdge::both) const {
    GpioInputOptions options;
    options.lines = {at(offset)};
    options.edge = edge;
    return options;
  }
  SimLineRequests::Handle watch(const GpioInputOptions& options, std::uint64_t nowNs = 0) {
    return requests_.input(
        options,
        [this](const GpioEvent& event) {
          events_.push_back(std::to_string(event.timestampNs / kMs) +
                            (event.rising ? " rising " : " falling ") + std::to_string(event.sequence) +
                            " of " + std::to_string(event.line));
        },
        nowNs);
  }
  void drive(unsigned offset, std::optional<bool> level, std::uint64_t nowNs) {
    lines_.drive(kPerson, lines_.find(at(offset)), level, nowNs);
  }
  bool level(unsigned offset) const { return lines_.level(lines_.find(at(offset))); }
  GpioLineInfo info(unsigned offset) const { return requests_.lines().at(lines_.find(at(offset))); }

  SimLines lines_{makeHeader(SimHeader::pi4)};
  SimLineRequests requests_{lines_, true};
  std::vector<std::string> events_;
};

TEST_F(SimLineRequestsTest, ReleasedOutputsStayDriven) {
  const auto handle = requests_.output(outputOf(17, true), 0);
  EXPECT_TRUE(level(17));
  EXPECT_TRUE(info(17).used);
  EXPECT_TRUE(info(17).output);
  EXPECT_EQ(info(17).consumer, "deskd");
  requests_.release(handle);
  EXPECT_TRUE(level(17));
  EXPECT_FALSE(info(17).used);
  EXPECT_TRUE(info(17).output);
  watch(inputOf(17));
  EXPECT_FALSE(level(17)) << "an input drives nothing; the chip pulls it down";
  EXPECT_FALSE(info(17).output);
}

TEST_F(SimLineRequestsTest, ABusyLineSaysWhoHoldsIt) {
  auto options = outputOf(17, true);
  options.consumer = "desk motor";
  requests_.output(options, 0);
  try {
    requests_.output(outputOf(17, false), 0);
    FAIL() << "expected EBUSY";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EBUSY);
    EXPECT_THAT(error.what(), HasSubstr("GPIO17, held by \"desk motor\""));
  }
  EXPECT_TRUE(level(17)) << "the attempt did nothing";
  requests_.hold(lines_.find(at(4)), "onewire@4");
  EXPECT_THROW(watch(inputOf(4)), std::system_error);
  EXPECT_EQ(info(4).consumer, "onewire@4");
  requests_.unhold(lines_.find(at(4)));
  watch(inputOf(4));
  EXPECT_THROW(requests_.unhold(lines_.find(at(4))), std::invalid_argument) << "a request's own";
}

TEST_F(SimLineRequestsTest, RefusesWhatNoRequestCouldBe) {
  GpioOutputOptions options;
  EXPECT_THROW(requests_.output(options, 0), std::invalid_argument);
  options.lines = {at(17), at(17)};
  options.values = {false, false};
  EXPECT_THROW(requests_.output(options, 0), std::invalid_argument);
  options.lines = {at(17), at(18)};
  options.values = {false};
  EXPECT_THROW(requests_.output(options, 0), std::invalid_argument);
  options.lines = {at(58)};
  EXPECT_THROW(requests_.output(options, 0), std::invalid_argument);
  EXPECT_FALSE(info(17).used);
  EXPECT_THROW(requests_.set(99, {true}, 0), std::invalid_argument);
  const auto input = watch(inputOf(5));
  EXPECT_THROW(requests_.set(input, {true}, 0), std::system_error);
}

TEST_F(SimLineRequestsTest, ActiveLowTurnsValuesAndEdgesAround) {
  auto options = outputOf(17, true);
  options.activeLow = true;
  const auto handle = requests_.output(options, 0);
  EXPECT_FALSE(level(17));
  requests_.set(handle, {false}, 0);
  EXPECT_TRUE(level(17));
  EXPECT_THAT(requests_.get(handle), ElementsAre(false));

  auto button = inputOf(6);
  button.activeLow = true;
  const auto input = watch(button);
  EXPECT_THAT(requests_.get(input), ElementsAre(false)) << "pulled up";
  drive(6, false, 5 * kMs);
  EXPECT_THAT(requests_.get(input), ElementsAre(true));
  EXPECT_THAT(events_, ElementsAre("5 rising 1 of 0"));
}

TEST_F(SimLineRequestsTest, OpenDrainAndOpenSourceLetGo) {
  auto drain = outputOf(17, true);
  drain.drive = GpioDrive::openDrain;
  drain.bias = GpioBias::pullUp;
  const auto handle = requests_.output(drain, 0);
  EXPECT_TRUE(level(17));
  drive(17, false, 0);
  EXPECT_FALSE(level(17)) << "anybody may pull it low";
  EXPECT_THAT(requests_.get(handle), ElementsAre(false)) << "the level of the wire, not what was set";
  auto source = outputOf(22, false);
  source.drive = GpioDrive::openSource;
  requests_.output(source, 0);
  drive(22, true, 0);
  EXPECT_TRUE(level(22));
}

TEST_F(SimLineRequestsTest, RequestingABiasedLineMakesNoPulse) {
  std::vector<bool> seen;
  lines_.onChange([&](const SimLineChange& change) { seen.push_back(change.level); });
  auto options = outputOf(17, false);
  options.bias = GpioBias::pullUp;
  requests_.output(options, 0);
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(SimLineRequestsTest, CountsTheEdgesThatWereAskedFor) {
  watch(inputOf(17, GpioEdge::rising));
  for (std::uint64_t ms = 1; ms <= 4; ++ms)
    drive(17, ms % 2 == 1, ms * kMs);
  EXPECT_THAT(events_, ElementsAre("1 rising 1 of 0", "3 rising 2 of 0"));
}

TEST_F(SimLineRequestsTest, CountsEachLineForItself) {
  GpioInputOptions options;
  options.lines = {at(17), at(22)};
  options.edge = GpioEdge::both;
  watch(options);
  drive(22, true, 1 * kMs);
  drive(17, true, 2 * kMs);
  drive(22, false, 3 * kMs);
  EXPECT_THAT(events_, ElementsAre("1 rising 1 of 1", "2 rising 1 of 0", "3 falling 2 of 1"));
}

TEST_F(SimLineRequestsTest, NobodyIsToldAfterARelease) {
  const auto handle = watch(inputOf(17));
  requests_.release(handle);
  drive(17, true, kMs);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(SimLineRequestsTest, DebouncingReportsTheSettledLevelOnce) {
  auto options = inputOf(17);
  options.debounceUs = 5000;
  const auto handle = watch(options);
  for (const std::uint64_t ms : {10U, 12U, 14U})
    drive(17, ms != 12, ms * kMs);
  EXPECT_EQ(requests_.nextNs(), 19 * kMs);
  requests_.advance(18 * kMs);
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_THAT(requests_.get(handle), ElementsAre(false)) << "the level that counts";
  requests_.advance(25 * kMs);
  EXPECT_THAT(events_, ElementsAre("19 rising 1 of 0")) << "stamped when it had settled";
  EXPECT_THAT(requests_.get(handle), ElementsAre(true));
  drive(17, false, 30 * kMs);
  drive(17, true, 31 * kMs);
  requests_.advance(60 * kMs);
  EXPECT_EQ(events_.size(), 1u) << "a glitch is no change";
}

TEST(SimLineRequestsWithoutKernelDebounce, ReportEveryEdge) {
  SimLines lines(makeHeader(SimHeader::pi4));
  SimLineRequests requests(lines, false);
  GpioInputOptions options;
  options.lines = {{"gpiochip0", 17}};
  options.edge = GpioEdge::both;
  options.debounceUs = 5000;
  int events = 0;
  requests.input(
      options, [&](const GpioEvent&) { ++events; }, 0);
  lines.drive(kPerson, lines.find("GPIO17"), true, 1);
  lines.drive(kPerson, lines.find("GPIO17"), false, 2);
  EXPECT_EQ(events, 2);
}

}  // namespace
}  // namespace deskd
