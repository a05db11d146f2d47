// SPDX-License-Identifier: Apache-2.0
#include "hal/gpio_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "hal/base/error.h"
#include "hal/base/log.h"
#include "tests/fakes/temp_directory.h"

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class F>
std::string messageOf(F&& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

GpioOutputOptions outputs(std::vector<GpioAddress> lines, std::vector<bool> values) {
  GpioOutputOptions options;
  options.lines = std::move(lines);
  options.values = std::move(values);
  return options;
}

TEST(GpioRequest, RefusesWhatNoRequestCouldBe) {
  const auto refusal = [](std::vector<GpioAddress> lines, std::vector<bool> values) {
    return messageOf([&] { checkGpioOptions(outputs(std::move(lines), std::move(values))); });
  };
  EXPECT_EQ(refusal({}, {}), "expected 1 to 64 lines, found 0");
  EXPECT_EQ(refusal(std::vector<GpioAddress>(65), {}), "expected 1 to 64 lines, found 65");
  EXPECT_EQ(refusal({{"gpiochip0", 1}, {"gpiochip1", 1}}, {false, false}),
            "expected lines of one chip, found gpiochip0:1 and gpiochip1:1");
  EXPECT_EQ(refusal({{"gpiochip0", 1}, {"gpiochip0", 2}, {"gpiochip0", 1}}, {}),
            "expected different lines, found gpiochip0:1 twice");
  EXPECT_EQ(refusal({{"gpiochip0", 1}, {"gpiochip0", 2}}, {true}),
            "expected a value for each of 2 lines, found 1");
  EXPECT_EQ(refusal({{"gpiochip0", 1}, {"gpiochip0", 2}}, {true, false}), "(nothing thrown)");
  EXPECT_EQ(messageOf([] { checkGpioOptions(GpioInputOptions{}); }), "expected 1 to 64 lines, found 0");
}

TEST(GpioRequest, ListsChipsByNumberAndNoSecondNames) {
  const TempDirectory directory;
  for (const char* name : {"gpiochip10", "gpiochip2", "gpiochip0", "gpiochip", "gpiochipx", "gpiomem", "tty"})
    std::ofstream(directory.path() + "/" + name) << "";
  std::filesystem::create_symlink("gpiochip0", directory.path() + "/gpiochip4");
  EXPECT_THAT(gpioChipNames(directory.path()), ElementsAre("gpiochip0", "gpiochip2", "gpiochip10"));
  EXPECT_THAT(gpioChipNames(directory.path() + "/none"), testing::IsEmpty());
}

TEST(GpioRequest, TellsWhoMayNotOpenAChipWhatToDo) {
  EXPECT_EQ(messageOf([] { throwGpioOpenError(EACCES, "gpiochip0"); }),
            "open /dev/gpiochip0, which members of the group gpio may: Permission denied");
  EXPECT_EQ(messageOf([] { throwGpioOpenError(ENOENT, "gpiochip0"); }),
            "open /dev/gpiochip0: No such file or directory");
}

TEST(GpioRequest, SaysWhoHoldsABusyLine) {
  const GpioLineInfo taken{
      .address = {"gpiochip0", 17}, .name = "GPIO17", .consumer = "gpioset", .used = true};
  const GpioLineInfo silent{.address = {"gpiochip0", 4}, .used = true};
  const GpioLineInfo free{.address = {"gpiochip0", 27}, .name = "GPIO27"};
  EXPECT_EQ(messageOf([&] { throwGpioRequestError(EBUSY, "output", {taken}); }),
            "request gpiochip0:17 (GPIO17) as output, held by \"gpioset\": Device or resource busy");
  EXPECT_EQ(
      messageOf([&] {
        throwGpioRequestError(EBUSY, "input", {taken, free, silent});
      }),
      "request gpiochip0:17 (GPIO17), gpiochip0:27 (GPIO27), gpiochip0:4 as input, gpiochip0:17 (GPIO17) "
      "held by \"gpioset\", gpiochip0:4 held by somebody who gives no name: Device or resource busy");
  EXPECT_EQ(messageOf([&] { throwGpioRequestError(EINVAL, "input with edges", {taken}); }),
            "request gpiochip0:17 (GPIO17) as input with edges: Invalid argument");
}

class GpioLines : public testing::Test {
 protected:
  GpioLines() {
    setLogSink([this](const LogRecord& record) { log_.push_back(record.text); });
  }
  ~GpioLines() override {
    setLogSink([](const LogRecord&) {});
  }

  std::vector<std::string> log_;
};

std::vector<GpioLineInfo> lineOf(const std::string& chip) {
  if (chip == "gpiochip1") throwGpioOpenError(EACCES, chip);
  return {{.address = {chip, 0}}};
}

TEST_F(GpioLines, OfAChipThatCannotBeOpenedAreLeftOutWithOneNote) {
  GpioLineList list;
  for (int time = 0; time < 2; ++time) {
    const auto lines = list.collect({"gpiochip0", "gpiochip1", "gpiochip2"}, lineOf);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[1].address.chip, "gpiochip2");
  }
  EXPECT_THAT(log_,
              ElementsAre(HasSubstr("open /dev/gpiochip1, which members of the group gpio may: Permission "
                                    "denied; its lines are not known, ignoring")));
}

TEST_F(GpioLines, ThatNobodyMaySeeAreAnError) {
  GpioLineList list;
  EXPECT_THROW(list.collect({"gpiochip1"}, lineOf), std::system_error);
  EXPECT_THAT(log_, testing::IsEmpty()) << "the error says it";
  EXPECT_THAT(list.collect({}, lineOf), testing::IsEmpty());
}

}  // namespace
}  // namespace deskd
