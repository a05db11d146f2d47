// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "hal/base/unique_fd.h"

namespace deskd {
namespace {

using testing::ElementsAre;

// As systemd writes it into JOURNAL_STREAM.
std::string nameOf(int descriptor) {
  struct stat status {};
  EXPECT_EQ(::fstat(descriptor, &status), 0);
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

// JOURNAL_STREAM as it was, afterwards.
class JournalStream : public testing::Test {
 protected:
  JournalStream() {
    if (const char* before = std::getenv("JOURNAL_STREAM")) before_ = before;
  }
  ~JournalStream() override {
    if (before_.empty())
      ::unsetenv("JOURNAL_STREAM");
    else
      ::setenv("JOURNAL_STREAM", before_.c_str(), 1);
  }

 private:
  std::string before_;
};

TEST(JournalFields, CarryPriorityScriptAndPlace) {
  const LogRecord record{
      Priority::error,
      "TypeError: no\n    at desk.js:3:7",
      {{"SCRIPT", "desk"}, {"CODE_FILE", "/etc/deskd/scripts/desk.js"}, {"CODE_LINE", "3"}}};
  EXPECT_THAT(journalFields(record), ElementsAre("MESSAGE=TypeError: no\n    at desk.js:3:7", "PRIORITY=3",
                                                 "SYSLOG_IDENTIFIER=deskd", "SCRIPT=desk",
                                                 "CODE_FILE=/etc/deskd/scripts/desk.js", "CODE_LINE=3"));
}

TEST(JournalFields, ThePriorityIsSyslogs) {
  EXPECT_THAT(journalFields({Priority::debug, "a = b", {}}),
              ElementsAre("MESSAGE=a = b", "PRIORITY=7", "SYSLOG_IDENTIFIER=deskd"));
  EXPECT_EQ(journalFields({Priority::info, "", {}})[1], "PRIORITY=6");
}

TEST_F(JournalStream, IsKnownByDeviceAndInode) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd read(ends[0]);
  const UniqueFd write(ends[1]);
  const UniqueFd other(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  EXPECT_TRUE(leadsToJournal(write.get(), nameOf(write.get()).c_str()));
  EXPECT_FALSE(leadsToJournal(write.get(), nameOf(other.get()).c_str()));
  EXPECT_FALSE(leadsToJournal(write.get(), nullptr));
  EXPECT_FALSE(leadsToJournal(write.get(), ""));
  EXPECT_FALSE(leadsToJournal(-1, nameOf(write.get()).c_str()));
}

TEST_F(JournalStream, ChoosesTheSink) {
  ::setenv("JOURNAL_STREAM", nameOf(STDERR_FILENO).c_str(), 1);
  EXPECT_TRUE(makeLogSink()) << "standard error is the stream";
  ::setenv("JOURNAL_STREAM", "1:1", 1);
  EXPECT_FALSE(makeLogSink()) << "standard error is redirected: the plain one";
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(makeLogSink()) << "not under systemd: the plain one";
}

}  // namespace
}  // namespace deskd
