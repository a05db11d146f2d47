// SPDX-License-Identifier: Apache-2.0
#include "hal/serial.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <optional>

#include "hal/base/unique_fd.h"
#include "hal/sim/pty.h"
#include "tests/fakes/temp_directory.h"
#include "tests/hal/bytes.h"

namespace deskd {
namespace {

using namespace test;
using testing::HasSubstr;

SerialOptions at(const std::string& path) {
  SerialOptions options;
  options.path = path;
  return options;
}

// The error that opening ends with.
std::system_error failureOf(const SerialOptions& options) {
  try {
    openSerialPort(options);
  } catch (const std::system_error& error) {
    return error;
  }
  throw std::logic_error("the port opened");
}

void awaitReadable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
}

TEST(SerialPort, CarriesEveryByteValueBothWaysUnchanged) {
  Pty pty;
  const auto port = openSerialPort(at(pty.path()));
  Bytes every(256);
  for (std::size_t index = 0; index < every.size(); ++index)
    every[index] = static_cast<std::uint8_t>(index);
  Bytes buffer(512);

  ASSERT_EQ(port->write(every), every.size());
  awaitReadable(pty.fd());
  EXPECT_EQ(pty.read(buffer), every.size());
  EXPECT_TRUE(std::equal(every.begin(), every.end(), buffer.begin()));

  ASSERT_EQ(pty.write(every), every.size());
  awaitReadable(port->fd());
  EXPECT_EQ(port->read(buffer), every.size());
  EXPECT_TRUE(std::equal(every.begin(), every.end(), buffer.begin()));
}

TEST(SerialPort, ReadsNothingWhenNothingWaits) {
  Pty pty;
  const auto port = openSerialPort(at(pty.path()));
  Bytes buffer(16);
  EXPECT_EQ(port->read(buffer), 0u);
}

TEST(SerialPort, StartsWithoutWhatCameInBefore) {
  Pty pty;
  pty.write(ascii("stale"));
  const auto port = openSerialPort(at(pty.path()));
  pty.write(ascii("new"));
  awaitReadable(port->fd());
  Bytes buffer(16);
  EXPECT_EQ(port->read(buffer), 3u);
}

TEST(SerialPort, DiscardsInputWhenTold) {
  Pty pty;
  const auto port = openSerialPort(at(pty.path()));
  pty.write(ascii("noise"));
  awaitReadable(port->fd());
  port->discardInput();
  Bytes buffer(16);
  EXPECT_EQ(port->read(buffer), 0u);
}

TEST(SerialPort, WritesOnlyWhatFits) {
  Pty pty;
  const auto port = openSerialPort(at(pty.path()));
  const Bytes chunk(4096, 'x');
  std::size_t accepted = 0;
  while (const std::size_t written = port->write(chunk))
    accepted += written;
  EXPECT_GT(accepted, 0u);
  EXPECT_EQ(port->write(chunk), 0u) << "full, and it did not block";
}

TEST(SerialPort, ReportsAHangUpOnReadAndWrite) {
  std::optional<Pty> pty(std::in_place);
  const auto port = openSerialPort(at(pty->path()));
  pty.reset();
  Bytes buffer(16);
  EXPECT_THROW(port->read(buffer), std::system_error);
  EXPECT_THROW(port->write(ascii("x")), std::system_error);
}

class SerialRate : public testing::TestWithParam<unsigned> {};

// glibc shows rates without a name as B0 or an error, so the kernel is asked the way stty does not.
TEST_P(SerialRate, IsWhateverWasAskedFor) {
  Pty pty;
  SerialOptions options = at(pty.path());
  options.baudRate = GetParam();
  const auto port = openSerialPort(options);
  struct {
    unsigned flags[4];
    unsigned char line;
    unsigned char control[19];
    unsigned inputRate;
    unsigned outputRate;
  } settings{};
  ASSERT_EQ(::ioctl(port->fd(), _IOR('T', 0x2A, settings), &settings), 0);
  EXPECT_EQ(settings.outputRate, GetParam());
  EXPECT_EQ(settings.inputRate, GetParam());
}

INSTANTIATE_TEST_SUITE_P(NamedAndNot, SerialRate,
                         testing::Values(50, 1000, 9600, 31250, 115200, 256000, 1234567));

TEST(SerialPort, IsRawAndKeepsTheModemLinesAtClose) {
  Pty pty;
  SerialOptions options = at(pty.path());
  options.stopBits = 2;
  const auto port = openSerialPort(options);
  termios settings{};
  ASSERT_EQ(::tcgetattr(port->fd(), &settings), 0);
  EXPECT_EQ(settings.c_lflag, 0u);
  EXPECT_EQ(settings.c_oflag, 0u);
  EXPECT_EQ(settings.c_iflag, 0u);
  EXPECT_EQ(settings.c_cflag & HUPCL, 0u);
  EXPECT_EQ(settings.c_cflag & CSTOPB, static_cast<tcflag_t>(CSTOPB));
  EXPECT_EQ(settings.c_cflag & CRTSCTS, 0u);
  EXPECT_NE(settings.c_cflag & CLOCAL, 0u);
}

TEST(SerialPort, DropsTheModemLinesAtCloseIfTold) {
  Pty pty;
  SerialOptions options = at(pty.path());
  options.hupcl = true;
  const auto port = openSerialPort(options);
  termios settings{};
  ASSERT_EQ(::tcgetattr(port->fd(), &settings), 0);
  EXPECT_NE(settings.c_cflag & HUPCL, 0u);
}

TEST(SerialPort, ChecksParityOnlyIfThereIsAny) {
  Pty pty;
  SerialOptions options = at(pty.path());
  options.parity = Parity::even;
  const auto port = openSerialPort(options);
  termios settings{};
  ASSERT_EQ(::tcgetattr(port->fd(), &settings), 0);
  EXPECT_EQ(settings.c_iflag, static_cast<tcflag_t>(INPCK | IGNPAR));
}

TEST(SerialPort, IsNotInheritedAndDoesNotBlock) {
  Pty pty;
  const auto port = openSerialPort(at(pty.path()));
  EXPECT_NE(::fcntl(port->fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(port->fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(SerialPort, ToleratesAPseudoTerminalWithoutModemLines) {
  Pty pty;
  SerialOptions options = at(pty.path());
  options.dtr = true;
  const auto port = openSerialPort(options);
  EXPECT_NO_THROW(port->setModemLines(true, true));
  EXPECT_NO_THROW(port->setModemLines(false, false));
}

TEST(SerialPort, RefusesASecondUserAndNamesTheFirst) {
  Pty pty;
  const auto port = openSerialPort(at(pty.path()));
  const std::system_error error = failureOf(at(pty.path()));
  EXPECT_EQ(error.code().value(), EBUSY);
  EXPECT_THAT(error.what(), HasSubstr("open serial port " + pty.path()));
  EXPECT_THAT(error.what(), HasSubstr("process " + std::to_string(::getpid())));
}

TEST(SerialPort, IsSharedOnlyIfBothSidesAgree) {
  Pty pty;
  SerialOptions shared = at(pty.path());
  shared.exclusive = false;
  const auto first = openSerialPort(shared);
  EXPECT_NO_THROW(openSerialPort(shared));
  EXPECT_EQ(failureOf(at(pty.path())).code().value(), EBUSY);
}

TEST(SerialPort, IsFreeAgainOnceClosed) {
  Pty pty;
  openSerialPort(at(pty.path()));
  EXPECT_NO_THROW(openSerialPort(at(pty.path())));
}

TEST(SerialPort, SaysThatADeviceIsMissing) {
  const std::system_error error = failureOf(at("/dev/no-such-port"));
  EXPECT_EQ(error.code().value(), ENOENT);
  EXPECT_STREQ(error.what(), "open serial port /dev/no-such-port: No such file or directory");
}

TEST(SerialPort, SaysWhatItFoundInsteadOfATerminal) {
  const TempDirectory directory;
  std::ofstream(directory.path("file")) << "text";
  ASSERT_EQ(::mkfifo(directory.path("fifo").c_str(), 0600), 0);
  const std::vector<std::pair<std::string, std::string>> cases{
      {directory.path("file"), "not a terminal but a regular file"},
      {directory.path(), "not a terminal but a directory"},
      {directory.path("fifo"), "not a terminal but a named pipe"},
      {"/dev/null", "not a terminal but a device of another kind"},
  };
  for (const auto& [path, words] : cases) {
    const std::system_error error = failureOf(at(path));
    EXPECT_EQ(error.code().value(), ENOTTY) << path;
    EXPECT_THAT(error.what(), HasSubstr(path));
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
}

TEST(SerialPort, RefusesOptionsThatNoPortCouldHave) {
  const std::vector<std::pair<std::function<void(SerialOptions&)>, std::string>> cases{
      {[](auto& o) { o.path.clear(); }, "serial option path: expected a device, found nothing"},
      {[](auto& o) { o.baudRate = 0; }, "serial option baudRate: expected at least 1, found 0"},
      {[](auto& o) { o.dataBits = 9; }, "serial option dataBits: expected 5 to 8, found 9"},
      {[](auto& o) { o.dataBits = 4; }, "serial option dataBits: expected 5 to 8, found 4"},
      {[](auto& o) { o.stopBits = 3; }, "serial option stopBits: expected 1 or 2, found 3"},
  };
  for (const auto& [spoil, message] : cases) {
    SerialOptions options = at("/dev/null");
    spoil(options);
    try {
      openSerialPort(options);
      ADD_FAILURE() << message;
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(error.what(), message);
    }
  }
}

}  // namespace
}  // namespace deskd
