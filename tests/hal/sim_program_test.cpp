// SPDX-License-Identifier: Apache-2.0
// deskd-sim as its users meet it: options, standard input and output, control socket, trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "hal/base/unique_fd.h"
#include "hal/board.h"
#include "hal/serial.h"
#include "hal/sim/pty.h"
#include "tests/fakes/temp_directory.h"
#include "tests/hal/bytes.h"

namespace deskd {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using testing::ThrowsMessage;
namespace fs = std::filesystem;

constexpr int kPatienceMs = 20'000;

// A child process with pipes to both ends of it.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    int in[2];
    int out[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0) throw std::runtime_error("pipe");
    arguments.insert(arguments.begin(), std::string(DESKD_BUILD_DIR) + "/deskd-sim");
    pid_ = ::fork();
    if (pid_ == 0) run(in, out, arguments);
    ::close(in[0]);
    ::close(out[1]);
    input_.reset(in[1]);
    output_.reset(out[0]);
  }
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  // The next line, or what there is of it when the output ends.
  std::string line() {
    for (std::size_t end = buffer_.find('\n'); end == std::string::npos; end = buffer_.find('\n')) {
      if (!more()) return std::exchange(buffer_, {});
    }
    const std::size_t end = buffer_.find('\n');
    const std::string result = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return result;
  }
  std::string rest() {
    while (more()) {
    }
    return std::exchange(buffer_, {});
  }
  std::string ask(const std::string& command) {
    const std::string text = command + "\n";
    EXPECT_EQ(::write(input_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return line();
  }
  void closeInput() { input_.reset(); }
  void signal(int number) { ::kill(pid_, number); }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  [[noreturn]] static void run(const int* in, const int* out, std::vector<std::string>& arguments) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(out[1], STDERR_FILENO);
    for (const int fd : {in[0], in[1], out[0], out[1]})
      ::close(fd);
    std::vector<char*> argv;
    for (std::string& argument : arguments)
      argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  bool more() {
    pollfd wait{output_.get(), POLLIN, 0};
    if (::poll(&wait, 1, kPatienceMs) != 1) throw std::runtime_error("deskd-sim says nothing");
    char chunk[4096];
    const ssize_t size = ::read(output_.get(), chunk, sizeof chunk);
    if (size > 0) buffer_.append(chunk, static_cast<std::size_t>(size));
    return size > 0;
  }

  pid_t pid_ = -1;
  UniqueFd input_;
  UniqueFd output_;
  std::string buffer_;
};

std::string contentOf(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(SimProgram, SaysWhereItsPortIsAndTakesTheLinkAwayAtItsEnd) {
  const TempDirectory directory;
  for (const int number : {SIGTERM, SIGINT}) {
    Program program({"--link", directory.path("desk")});
    EXPECT_EQ(program.line(), "ready " + (directory.path("desk")));
    EXPECT_TRUE(fs::is_character_file(directory.path("desk")));
    program.signal(number);
    EXPECT_EQ(program.wait(), 0);
    EXPECT_FALSE(fs::exists(fs::symlink_status(directory.path("desk"))));
  }
}

TEST(SimProgram, NamesItsTerminalWithoutALink) {
  Program program({});
  EXPECT_THAT(program.line(), StartsWith("ready /dev/pts/"));
}

TEST(SimProgram, AnswersOnThePortAndWritesATrace) {
  const TempDirectory directory;
  Program program({"--trace", directory.path("trace"), "--asleep-after-ms", "0"});
  SerialOptions options;
  options.path = program.line().substr(6);
  const auto port = openSerialPort(options);
  port->write(hex("F1F10C000C7E"));
  Bytes answer;
  while (answer.size() < 10) {
    pollfd wait{port->fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, kPatienceMs), 1);
    Bytes chunk(64);
    chunk.resize(port->read(chunk));
    answer = answer + chunk;
  }
  EXPECT_EQ(toHex(answer), "F2F2070404F6026C737E");
  EXPECT_THAT(contentOf(directory.path("trace")),
              MatchesRegex("[0-9]+ height 720\n[0-9]+ rx F1F10C000C7E\n[0-9]+ tx F2F2070404F6026C737E\n"));
}

// A pseudo-terminal stands for the cable that is there already.
TEST(SimProgram, AnswersOnASerialPortThatExists) {
  Pty cable;
  Program program({"--device", cable.path(), "--asleep-after-ms", "0"});
  EXPECT_EQ(program.line(), "ready " + cable.path());
  cable.write(hex("F1F10C000C7E"));
  Bytes answer;
  while (answer.size() < 10) {
    pollfd wait{cable.fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, kPatienceMs), 1);
    Bytes chunk(64);
    chunk.resize(cable.read(chunk));
    answer = answer + chunk;
  }
  EXPECT_EQ(toHex(answer), "F2F2070404F6026C737E");
  EXPECT_THAT([&] { openSerialPort({.path = cable.path()}); },
              ThrowsMessage<std::system_error>(HasSubstr("(deskd-sim)")));
  EXPECT_EQ(program.ask("unplug"), "ok");
  EXPECT_NO_THROW(openSerialPort({.path = cable.path()}));
}

TEST(SimProgram, TraceTimesAreThoseOfTheMonotonicClock) {
  const TempDirectory directory;
  timespec before{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  Program program({"--trace", directory.path("trace")});
  program.line();
  timespec after{};
  ::clock_gettime(CLOCK_MONOTONIC, &after);
  const long long at = std::stoll(contentOf(directory.path("trace")));
  EXPECT_GE(at,
            before.tv_sec * 1000LL + before.tv_nsec / 1'000'000 - 20);  // the loop's clock is a coarse one
  EXPECT_LE(at, after.tv_sec * 1000LL + after.tv_nsec / 1'000'000);
}

TEST(SimProgram, ObeysLinesOnItsInput) {
  const TempDirectory directory;
  Program program({"--link", directory.path("desk"), "--preset-mm", "800,900"});
  program.line();
  EXPECT_EQ(program.ask("status"),
            "height 720 moving still lock off error 0 homing done power asleep violations 0");
  EXPECT_EQ(program.ask("lock"), "ok");
  EXPECT_THAT(program.ask("status"), HasSubstr("lock on"));
  EXPECT_EQ(program.ask("unlock"), "ok");
  EXPECT_EQ(program.ask("handset preset 2"), "ok");
  EXPECT_THAT(program.ask("status"), HasSubstr("moving up"));
  EXPECT_EQ(program.ask("handset down"), "ok");
  EXPECT_THAT(program.ask("status"), HasSubstr("moving still"));
  EXPECT_EQ(program.ask("handset release"), "ok");
  EXPECT_EQ(program.ask("error 14"), "ok");
  EXPECT_THAT(program.ask("status"), HasSubstr("error 14"));
  EXPECT_EQ(program.ask("freeze"), "ok");
  EXPECT_EQ(program.ask("thaw"), "ok");
  EXPECT_EQ(program.ask("power-cycle"), "ok");
  EXPECT_THAT(program.ask("status"), HasSubstr("error 0 homing needed"));
  EXPECT_EQ(program.ask("unplug"), "ok");
  EXPECT_FALSE(fs::exists(directory.path("desk")));
  EXPECT_EQ(program.ask("plug"), "ok");
  EXPECT_TRUE(fs::exists(directory.path("desk")));
}

TEST(SimProgram, SaysWhatItDoesNotUnderstand) {
  Program program({});
  program.line();
  EXPECT_EQ(program.ask("fly"), "error: unknown command fly (see deskd-sim --help)");
  EXPECT_EQ(program.ask("handset sideways"),
            "error: unknown command handset sideways (see deskd-sim --help)");
  EXPECT_EQ(program.ask("handset preset 5"), "error: expected 1 to 4, found 5");
  EXPECT_EQ(program.ask("error E07"), "error: expected 0 to 15, found E07");
  EXPECT_EQ(program.ask(""), "error: expected a command, found an empty line");
}

TEST(SimProgram, GoesOnWhenItsInputEnds) {
  const TempDirectory directory;
  Program program({"--control", directory.path("control")});
  program.line();
  program.closeInput();
  const UniqueFd client(::socket(AF_UNIX, SOCK_DGRAM, 0));
  const auto address = [](const std::string& path) {
    sockaddr_un result{};
    result.sun_family = AF_UNIX;
    std::strncpy(result.sun_path, path.c_str(), sizeof result.sun_path - 1);
    return result;
  };
  const sockaddr_un mine = address(directory.path("client"));
  const sockaddr_un theirs = address(directory.path("control"));
  ASSERT_EQ(::bind(client.get(), reinterpret_cast<const sockaddr*>(&mine), sizeof mine), 0);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&theirs), sizeof theirs), 0);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(::send(client.get(), "status", 6, 0), 6);
    pollfd wait{client.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, kPatienceMs), 1);
    char answer[256];
    const ssize_t size = ::recv(client.get(), answer, sizeof answer, 0);
    EXPECT_THAT(std::string(answer, static_cast<std::size_t>(size)), StartsWith("height 720"));
  }
  struct stat info {};
  ASSERT_EQ(::stat(directory.path("control").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u) << "for its user only";
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_FALSE(fs::exists(directory.path("control")));
}

TEST(SimProgram, HasABoardBesideTheDesk) {
  const TempDirectory directory;
  Program program({"--link", directory.path("desk"), "--board", directory.path("board"), "--record",
                   directory.path("record"), "--header", "pi5"});
  EXPECT_EQ(program.line(), "ready " + directory.path("desk"));
  const auto board = makeSimBoard(directory.path("board"));
  const auto lines = board->gpio().lines();
  ASSERT_EQ(lines.size(), 54u);
  EXPECT_EQ(lines[17].chipLabel, "pinctrl-rp1");
  GpioOutputOptions options;
  options.lines = {lines[17].address};
  options.values = {true};
  const auto output = board->gpio().output(options);
  EXPECT_EQ(program.ask("sim level GPIO17"), "ok 1");
  EXPECT_EQ(program.ask("sim drive GPIO99 1").substr(0, 12), "error EINVAL");
  EXPECT_THAT(program.ask("status"), StartsWith("height 720"));
  EXPECT_THAT(contentOf(directory.path("record")), MatchesRegex("[0-9]+ GPIO17 1\n"));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_FALSE(fs::exists(directory.path("board")));
}

TEST(SimProgram, HasTheBoardAloneIfTold) {
  const TempDirectory directory;
  Program program(
      {"--board", directory.path("board"), "--no-desk", "--no-kernel-debounce", "--i2c-bus", "i2c-0,i2c-1"});
  EXPECT_EQ(program.line(), "ready " + directory.path("board"));
  EXPECT_EQ(program.ask("status"), "error: expected a command for the board, found status");
  EXPECT_EQ(program.ask("i2c buses"), "ok i2c-0 i2c-1");
  const auto board = makeSimBoard(directory.path("board"));
  GpioInputOptions options;
  options.lines = {{"gpiochip0", 17}};
  EXPECT_FALSE(board->gpio().input(options)->kernelDebounce());
}

TEST(SimProgram, LinesOnItsInputFreeAStuckBusForOthers) {
  const TempDirectory directory;
  Program program({"--board", directory.path("board"), "--no-desk"});
  program.line();
  EXPECT_EQ(program.ask("sim i2c add 1 0x29 registers"), "ok");
  EXPECT_EQ(program.ask("sim i2c fault 1 stuck"), "ok");
  EXPECT_EQ(program.ask("i2c probe 1 0x29"), "error ETIMEDOUT the bus is stuck");
  std::thread waiter([&] { EXPECT_EQ(makeSimBoard(directory.path("board"))->i2c("1")->probe(0x29), true); });
  EXPECT_EQ(program.ask("sim i2c fault 1 none"), "ok");
  waiter.join();
}

TEST(SimProgram, EndsWithItsParentIfTold) {
  const TempDirectory directory;
  // A shell between: the program's parent ends, this test does not.
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  const UniqueFd output(out[0]);
  const std::string link = directory.path("desk");
  const pid_t shell = ::fork();
  if (shell == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    const std::string command =
        std::string(DESKD_BUILD_DIR) + "/deskd-sim --die-with-parent --link " + link + " & wait";
    ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(out[1]);
  const auto ends = [&] {
    pollfd wait{output.get(), POLLIN, 0};
    if (::poll(&wait, 1, kPatienceMs) != 1) return false;
    char chunk[256];
    return ::read(output.get(), chunk, sizeof chunk) == 0;
  };
  ASSERT_FALSE(ends()) << "its ready line";
  ASSERT_TRUE(fs::exists(link));
  ::kill(shell, SIGKILL);
  ::waitpid(shell, nullptr, 0);
  EXPECT_TRUE(ends()) << "the last writer is gone";
  EXPECT_FALSE(fs::exists(fs::symlink_status(link)));
}

TEST(SimProgram, HelpFitsEightyColumns) {
  Program program({"--help"});
  std::istringstream help(program.rest());
  EXPECT_EQ(program.wait(), 0);
  int lines = 0;
  for (std::string line; std::getline(help, line); ++lines)
    EXPECT_LE(line.size(), 80u) << line;
  EXPECT_GT(lines, 20);
}

TEST(SimProgram, RefusesWhatMakesNoSense) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--height-mm", "10"}, "--height-mm: expected a height from --min-mm to --max-mm"},
      {{"--min-mm", "900", "--max-mm", "800"}, "--min-mm, --max-mm: expected 1 <= min < max <= 10000"},
      {{"--speed-mm-s", "0"}, "--speed-mm-s: expected 1 to 10000"},
      {{"--units", "furlong"}, "--units: expected one of inch, mm, found furlong"},
      {{"--preset-mm", "5"}, "--preset-mm: expected heights from --min-mm to --max-mm"},
      {{"--no-goto", "--constant-touch"}, "--no-goto: expected without --constant-touch"},
      {{"--header", "pi4"}, "--header: expected --board, too"},
      {{"--no-desk"}, "--no-desk: expected --board, too"},
      {{"--board", "/no/such/place/board"}, "deskd-sim: create board socket /no/such/place/board"},
      {{"--link", "/no/such/place/desk"}, "deskd-sim: create symbolic link /no/such/place/desk"},
      {{"--device", "/no/such/port"}, "deskd-sim: open serial port /no/such/port: No such file"},
      {{"--device", "/dev/null", "--link", "desk"}, "--link excludes --device"},
      {{"--trace", "/no/such/place/trace"}, "deskd-sim: open trace /no/such/place/trace: No such file"},
      {{"--wings"}, "The following argument was not expected: --wings"},
  };
  for (const auto& [arguments, message] : cases) {
    Program program(arguments);
    EXPECT_THAT(program.rest(), HasSubstr(message));
    EXPECT_NE(program.wait(), 0) << message;
  }
}

}  // namespace
}  // namespace deskd
