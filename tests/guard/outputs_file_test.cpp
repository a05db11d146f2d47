// SPDX-License-Identifier: Apache-2.0
#include "daemon/guard/outputs_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/temp_directory.h"

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(OutputsFile, KeepsWhatItIsGiven) {
  const TempDirectory directory;
  const GuardedOutputs all{{{{"gpiochip0", 17}, false, false, GpioDrive::pushPull, GpioBias::asIs, "my desk"},
                            {{"gpiochip4", 3}, true, true, GpioDrive::openDrain, GpioBias::pullUp, "gate"}},
                           {{"/dev/serial/by-id/usb-1 a", {0xf1, 0xf1, 0x2b, 0x00, 0x2b, 0x7e}, "jiecang"}}};
  const std::string path = directory.path("outputs");
  writeOutputsFile(path, all);
  std::vector<std::string> complaints;
  EXPECT_EQ(readOutputsFile(path, complaints), all);
  EXPECT_THAT(complaints, IsEmpty());
}

TEST(OutputsFile, ThatIsMissingHoldsNothing) {
  const TempDirectory directory;
  std::vector<std::string> complaints;
  EXPECT_EQ(readOutputsFile(directory.path("none"), complaints), GuardedOutputs());
  EXPECT_THAT(complaints, IsEmpty());
}

TEST(OutputsFile, TellsTheLineThatMakesNoSenseAndTakesTheOthers) {
  const TempDirectory directory;
  const std::string path =
      directory.write("outputs",
                      "# comment\n"
                      "gpio\tchip\tseventeen\tsafe=0\tactive-low=0\tdrive=push-pull\tbias=as-is\tdesk\n"
                      "gpio\tchip\t1\tsafe=2\tactive-low=0\tdrive=push-pull\tbias=as-is\tdesk\n"
                      "gpio\tchip\t2\tsafe=0\tactive-low=0\tdrive=maybe\tbias=as-is\tdesk\n"
                      "serial\tF1F\t/dev/a\tdesk\n"
                      "serial\tXY\t/dev/a\tdesk\n"
                      "what\n"
                      "gpio\tchip\t3\tsafe=1\tactive-low=0\tdrive=push-pull\tbias=as-is\tdesk\n");
  std::vector<std::string> complaints;
  const GuardedOutputs outputs = readOutputsFile(path, complaints);
  ASSERT_EQ(outputs.lines.size(), 1u);
  EXPECT_EQ(outputs.lines[0].address.offset, 3u);
  EXPECT_TRUE(outputs.lines[0].safe);
  EXPECT_THAT(complaints, ElementsAre(HasSubstr(path + ":2:"), HasSubstr(":3:"), HasSubstr(":4:"),
                                      HasSubstr(":5:"), HasSubstr(":6:"), HasSubstr(":7:")));
}

}  // namespace
}  // namespace deskd
