// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/pty.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "tests/fakes/temp_directory.h"
#include "tests/hal/bytes.h"

namespace deskd {
namespace {

using namespace test;
namespace fs = std::filesystem;

TEST(Pty, HasNoHangUpWhileNobodyIsConnected) {
  Pty pty;
  Bytes buffer(16);
  EXPECT_EQ(pty.read(buffer), 0u);
  { const UniqueFd visitor(::open(pty.path().c_str(), O_RDWR | O_NOCTTY)); }
  EXPECT_EQ(pty.read(buffer), 0u);
}

TEST(Pty, LosesWhatNobodyReads) {
  Pty pty;
  const Bytes chunk(4096, 'x');
  std::size_t accepted = 0;
  while (const std::size_t written = pty.write(chunk))
    accepted += written;
  EXPECT_GT(accepted, 0u);
}

TEST(Pty, LinkIsWhereToFindItAndGoesAwayWithIt) {
  const TempDirectory directory;
  const std::string link = directory.path("desk");
  {
    Pty pty(link);
    EXPECT_EQ(pty.path(), link);
    EXPECT_EQ(fs::read_symlink(link), pty.terminal());
  }
  EXPECT_FALSE(fs::exists(fs::symlink_status(link)));
}

TEST(Pty, LinkOfALaterOneReplacesTheEarlierOne) {
  const TempDirectory directory;
  const std::string link = directory.path("desk");
  std::optional<Pty> first(std::in_place, link);
  Pty second(link);
  EXPECT_EQ(fs::read_symlink(link), second.terminal());
  first.reset();
  EXPECT_EQ(fs::read_symlink(link), second.terminal()) << "not the earlier one's to remove any more";
}

TEST(Pty, NeverReplacesAFile) {
  const TempDirectory directory;
  const std::string file = directory.path("precious");
  std::ofstream(file) << "data";
  try {
    Pty pty(file);
    FAIL() << "replaced it";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EEXIST);
  }
  EXPECT_EQ(fs::file_size(file), 4u);
}

TEST(Pty, SaysWhereItCouldNotPutTheLink) {
  try {
    Pty pty("/no/such/directory/desk");
    FAIL() << "put it there";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_NE(std::string(error.what()).find("/no/such/directory/desk"), std::string::npos);
  }
}

}  // namespace
}  // namespace deskd
