// SPDX-License-Identifier: Apache-2.0
// The simulated board behind its socket: server and client together, as programs use them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include "hal/serial.h"
#include "hal/sim/board_wire.h"
#include "hal/sim/monotonic.h"
#include "tests/hal/sim_board_fixture.h"

namespace deskd {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

template <class F>
std::system_error errorOf(const F& action) {
  try {
    action();
  } catch (const std::system_error& error) {
    return error;
  }
  throw std::runtime_error("expected a system_error, found none");
}

class BoardClientTest : public SimBoardTest {
 protected:
  GpioOutputOptions outputOf(std::vector<unsigned> offsets, std::vector<bool> values) const {
    GpioOutputOptions options;
    for (const unsigned offset : offsets)
      options.lines.push_back({"gpiochip0", offset});
    options.values = std::move(values);
    return options;
  }
  GpioInputOptions inputOf(unsigned offset, GpioEdge edge = GpioEdge::both) const {
    GpioInputOptions options;
    options.lines = {{"gpiochip0", offset}};
    options.edge = edge;
    return options;
  }
  std::vector<GpioEvent> waitForEvents(GpioInput& input, std::size_t count) {
    std::vector<GpioEvent> events;
    while (events.size() < count && readable(input.fd())) {
      for (const GpioEvent& event : input.readEvents())
        events.push_back(event);
    }
    return events;
  }
  // The board has done everything that is due within a millisecond from now when this returns.
  void letHappen() {
    constexpr std::uint64_t longer = 1'500'000;
    for (const std::uint64_t until = monotonicNs() + longer; monotonicNs() < until;)
      say("sim level GPIO17");
    for (int more = 0; more < 10; ++more)
      say("sim level GPIO17");
  }

  std::unique_ptr<Board> board_ = makeSimBoard(thread_.path());
  GpioChips& gpio_ = board_->gpio();
};

TEST_F(BoardClientTest, ListsTheLines) {
  say("sim hold GPIO4 one%20wire");
  const auto output = gpio_.output(outputOf({17}, {true}));
  const auto lines = gpio_.lines();
  ASSERT_EQ(lines.size(), 66u);
  EXPECT_EQ(lines[17].name, "GPIO17");
  EXPECT_EQ(lines[17].chipLabel, "pinctrl-bcm2711");
  EXPECT_EQ(lines[17].address, (GpioAddress{"gpiochip0", 17}));
  EXPECT_EQ(lines[17].consumer, "deskd");
  EXPECT_TRUE(lines[17].output);
  EXPECT_EQ(lines[4].consumer, "one wire");
  EXPECT_TRUE(lines[4].used);
  EXPECT_FALSE(lines[5].used);
  EXPECT_EQ(lines[5].consumer, "");
  EXPECT_EQ(lines[65].name, "") << "has none";
}

TEST_F(BoardClientTest, SetsSeveralLinesTogether) {
  const auto output = gpio_.output(outputOf({23, 24}, {true, false}));
  EXPECT_THAT(output->get(), ElementsAre(true, false));
  EXPECT_EQ(say("sim level GPIO23"), "1");
  output->set({false, true});
  EXPECT_EQ(say("sim level GPIO23"), "0");
  EXPECT_EQ(say("sim level GPIO24"), "1");
}

TEST_F(BoardClientTest, AReleasedOutputKeepsItsLevel) {
  { const auto output = gpio_.output(outputOf({17}, {true})); }
  EXPECT_EQ(say("sim level GPIO17"), "1");
  EXPECT_NO_THROW(gpio_.output(outputOf({17}, {true})));
}

TEST_F(BoardClientTest, ABusyLineSaysWhoHoldsIt) {
  const auto other = makeSimBoard(thread_.path());
  auto options = outputOf({17}, {true});
  options.consumer = "desk motor";
  const auto output = other->gpio().output(options);
  const auto error = errorOf([&] { gpio_.output(outputOf({17}, {false})); });
  EXPECT_EQ(error.code().value(), EBUSY);
  EXPECT_THAT(error.what(), EndsWith("GPIO17, held by \"desk motor\": Device or resource busy"));
}

TEST_F(BoardClientTest, AProcessThatIsKilledHoldsNothingAtOnce) {
  for (int round = 0; round < 20; ++round) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto other = makeSimBoard(thread_.path());
      const auto output = other->gpio().output(outputOf({17}, {true}));
      [[maybe_unused]] const auto told = ::write(ready[1], "x", 1);
      for (;;)
        ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(say("sim level GPIO17"), "1") << "nobody has switched it off";
    EXPECT_NO_THROW(gpio_.output(outputOf({17}, {false}))) << "round " << round;
  }
}

TEST_F(BoardClientTest, RefusesWhatNoRequestCouldBe) {
  EXPECT_THROW(gpio_.output({}), std::invalid_argument);
  EXPECT_THROW(gpio_.output(outputOf({17}, {})), std::invalid_argument);
  auto options = outputOf({17, 0}, {true, true});
  options.lines[1].chip = "gpiochip1";
  EXPECT_THROW(gpio_.output(options), std::invalid_argument);
  EXPECT_THROW(gpio_.input({}), std::invalid_argument);
  EXPECT_EQ(errorOf([&] { gpio_.output(outputOf({58}, {true})); }).code().value(), EINVAL);
}

TEST_F(BoardClientTest, EdgesComeWithTimeAndNumber) {
  const auto input = gpio_.input(inputOf(17));
  EXPECT_TRUE(input->kernelDebounce());
  EXPECT_THAT(input->readEvents(), IsEmpty()) << "does not wait";
  const std::uint64_t before = monotonicNs();
  say("sim drive GPIO17 1");
  say("sim drive GPIO17 0");
  const std::uint64_t after = monotonicNs();
  const auto events = waitForEvents(*input, 2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(events[0].rising);
  EXPECT_FALSE(events[1].rising);
  EXPECT_EQ(events[0].sequence, 1u);
  EXPECT_EQ(events[1].sequence, 2u);
  EXPECT_GE(events[0].timestampNs, before);
  EXPECT_LE(events[0].timestampNs, events[1].timestampNs);
  EXPECT_LE(events[1].timestampNs, after);
  EXPECT_THAT(input->get(), ElementsAre(false));
  EXPECT_FALSE(readable(input->fd(), 0));
}

TEST_F(BoardClientTest, WithoutEdgesThereIsNothingToWaitFor) {
  const auto input = gpio_.input(inputOf(17, GpioEdge::none));
  EXPECT_EQ(input->fd(), -1);
  EXPECT_THAT(input->readEvents(), IsEmpty());
}

TEST_F(BoardClientTest, AnOverrunBufferLosesTheOldestAndSaysSo) {
  const auto input = gpio_.input(inputOf(17));
  say("sim bounce GPIO17 times=5000 ms=1");
  say("sim drive GPIO17 1");
  letHappen();
  std::vector<GpioEvent> events;
  while (events.empty() || events.back().sequence < 10'001) {
    ASSERT_TRUE(readable(input->fd())) << "the last event comes in any case";
    for (const GpioEvent& event : input->readEvents())
      events.push_back(event);
  }
  EXPECT_LT(events.size(), 10'001u);
  EXPECT_GE(events.size(), kMostWaitingEvents);
  EXPECT_EQ(events.front().sequence, 1u);
  EXPECT_TRUE(events.back().rising);
  bool gap = false;
  for (std::size_t i = 1; i < events.size(); ++i) {
    ASSERT_GT(events[i].sequence, events[i - 1].sequence);
    gap = gap || events[i].sequence > events[i - 1].sequence + 1;
  }
  EXPECT_TRUE(gap);
}

TEST_F(BoardClientTest, BouncesAreDebouncedByTheKernel) {
  auto options = inputOf(17);
  options.debounceUs = 20'000;
  const auto input = gpio_.input(options);
  say("sim bounce GPIO17 times=5 ms=2");
  say("sim drive GPIO17 1");
  const auto events = waitForEvents(*input, 1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].rising);
  EXPECT_EQ(events[0].sequence, 1u);
  say("sim drive GPIO17 0");
  EXPECT_FALSE(waitForEvents(*input, 1).at(0).rising);
}

TEST_F(BoardClientTest, FaultsHaveTheErrorNumberThatWasAskedFor) {
  const auto output = gpio_.output(outputOf({17}, {false}));
  say("sim fault gpio-set EIO after=1 count=1 line=GPIO17");
  output->set({true});
  const auto error = errorOf([&] { output->set({false}); });
  EXPECT_EQ(error.code().value(), EIO);
  EXPECT_THAT(error.what(), HasSubstr("simulated fault of gpio-set"));
  EXPECT_EQ(say("sim level GPIO17"), "1") << "nothing was set";
  output->set({false});
  EXPECT_EQ(errorOf([&] { say("sim fault gpio-set EWHAT"); }).code().value(), EINVAL);
}

TEST_F(BoardClientTest, CommandsSayWhatTheyExpected) {
  const auto complaint = [&](const std::string& command) {
    return std::string(errorOf([&] { say(command); }).what());
  };
  EXPECT_THAT(complaint("fly"), HasSubstr("expected a command, found fly"));
  EXPECT_THAT(complaint(" "), HasSubstr("expected a command, found nothing"));
  EXPECT_THAT(complaint("sim drive GPIO99 1"), HasSubstr("GPIO17, or CHIP:OFFSET, found GPIO99"));
  EXPECT_THAT(complaint("sim drive GPIO17"), HasSubstr("expected 0|1|z, found nothing"));
  EXPECT_THAT(complaint("sim drive GPIO17 2"), HasSubstr("expected 0, 1 or z, found 2"));
  EXPECT_THAT(complaint("sim drive GPIO17 1 1"), HasSubstr("expected the end of the command, found 1"));
  EXPECT_THAT(complaint("sim pull GPIO17 left"), HasSubstr("expected one of up, down, none, found left"));
  EXPECT_THAT(complaint("gpio set 77 1"), HasSubstr("handle: expected that of a request of this client"));
  EXPECT_THAT(complaint("gpio output gpiochip0 17=2"), HasSubstr("value: expected 0 or 1, found 2"));
  EXPECT_THAT(complaint("sim plant add windmill"), HasSubstr("found windmill"));
  EXPECT_THAT(complaint("sim i2c add i2c-7 0x29 registers"), HasSubstr("i2c-7 (there are i2c-1)"));
  EXPECT_THAT(complaint("sim i2c add i2c-1 0x29 toaster"), HasSubstr("found \"toaster\""));
}

TEST_F(BoardClientTest, HandlesOfOtherClientsAreNotOnesOwn) {
  const auto output = gpio_.output(outputOf({17}, {true}));
  for (int handle = 0; handle < 5; ++handle)
    EXPECT_EQ(errorOf([&] { say("gpio set " + std::to_string(handle) + " 0"); }).code().value(), EINVAL);
  EXPECT_EQ(say("sim level GPIO17"), "1");
}

TEST_F(BoardClientTest, TransfersOnABus) {
  say("sim i2c add i2c-1 0x29 registers");
  say("sim i2c set i2c-1 0x29 0x10 171");
  const auto bus = board_->i2c("/dev/i2c-1");
  EXPECT_EQ(bus->name(), "i2c-1");
  std::vector<I2cSegment> segments(2);
  segments[0].bytes = {0x10};
  segments[1].read = true;
  segments[1].length = 2;
  bus->transfer({0x29, false}, segments);
  EXPECT_THAT(segments[1].bytes, ElementsAre(0xab, 0x00));
  std::vector<I2cSegment> write(1);
  write[0].bytes = {0x11, 0x42};
  bus->transfer({0x29, false}, write);
  EXPECT_EQ(say("sim i2c get i2c-1 0x29 0x11"), "66");
  EXPECT_EQ(bus->probe(0x29), true);
  EXPECT_EQ(bus->probe(0x30), false);
  say("sim i2c claim i2c-1 0x30 1");
  EXPECT_EQ(bus->probe(0x30), std::nullopt);
  EXPECT_EQ(errorOf([&] { bus->transfer({0x31, false}, write); }).code().value(), EREMOTEIO);
  EXPECT_EQ(errorOf([&] { bus->transfer({0x129, true}, write); }).code().value(), EOPNOTSUPP);
  EXPECT_THAT(errorOf([&] { board_->i2c("7"); }).what(), HasSubstr("(there are i2c-1)"));
  segments[1].length = kLongestI2cSegment;
  bus->transfer({0x29, false}, segments);
  EXPECT_EQ(segments[1].bytes.size(), kLongestI2cSegment);
  ++segments[1].length;
  EXPECT_EQ(errorOf([&] { bus->transfer({0x29, false}, segments); }).code().value(), EINVAL);
}

TEST_F(BoardClientTest, AStuckBusHoldsUpNobodyElse) {
  say("sim i2c add i2c-1 0x29 registers");
  say("sim i2c add i2c-1 0x40 registers");
  say("sim i2c fault i2c-1 stuck 0x29");
  std::atomic<bool> answered = false;
  std::thread waiter([&] {
    std::vector<I2cSegment> segments(1);
    segments[0].bytes = {0x10, 0x42};
    board_->i2c("1")->transfer({0x29, false}, segments);
    answered = true;
  });
  const auto bus = board_->i2c("1");
  EXPECT_EQ(bus->probe(0x40), true) << "another connection, another address";
  const auto output = gpio_.output(outputOf({17}, {true}));
  EXPECT_EQ(say("sim i2c get i2c-1 0x29 0x10"), "0");
  EXPECT_FALSE(answered);
  say("sim i2c fault i2c-1 none");
  waiter.join();
  EXPECT_EQ(say("sim i2c get i2c-1 0x29 0x10"), "66") << "it went on when the fault was cleared";
}

TEST_F(BoardClientTest, WhoLeavesAStuckBusIsForgotten) {
  say("sim i2c add i2c-1 0x29 registers");
  say("sim i2c fault i2c-1 stuck");
  const UniqueFd client(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  thread_.path().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const std::string command = "i2c transfer i2c-1 0x29 w:1042";
  ASSERT_EQ(::send(client.get(), command.data(), command.size(), 0), static_cast<ssize_t>(command.size()));
  ::shutdown(client.get(), SHUT_RDWR);
  const auto output = gpio_.output(outputOf({17}, {true}));  // hears out who has hung up
  say("sim i2c fault i2c-1 none");
  EXPECT_EQ(say("sim i2c get i2c-1 0x29 0x10"), "0");
}

TEST_F(BoardClientTest, TheRecorderSeesWhatTheWiresDo) {
  const auto recording = control_.request("sim record");
  const auto output = gpio_.output(outputOf({17, 22}, {true, false}));
  output->set({false, true});
  std::vector<std::string> seen;
  while (seen.size() < 3 && readable(recording.descriptor.get())) {
    char text[256];
    const ssize_t size = ::recv(recording.descriptor.get(), text, sizeof text, 0);
    seen.emplace_back(text, static_cast<std::size_t>(size));
  }
  EXPECT_THAT(seen, ElementsAre(MatchesRegex("[0-9]+ GPIO17 1"), MatchesRegex("[0-9]+ GPIO17 0"),
                                MatchesRegex("[0-9]+ GPIO22 1")));
  std::ostringstream file;
  file << std::ifstream(thread_.recordPath()).rdbuf();
  EXPECT_EQ(file.str(), seen[0] + "\n" + seen[1] + "\n" + seen[2] + "\n") << "there at once";
  const auto instant = [](const std::string& line) { return line.substr(0, line.find(' ')); };
  EXPECT_EQ(instant(seen[1]), instant(seen[2])) << "set together";
}

TEST_F(BoardClientTest, ARecordingThatNobodyReadsSaysWhatItLost) {
  const auto recording = control_.request("sim record");
  say("sim bounce GPIO17 times=100000 ms=1");
  say("sim drive GPIO17 1");
  letHappen();
  std::string last;
  long long lines = 0;
  long long lost = 0;
  // All changes happen, and are seen or counted: the first and two for each bounce.
  while (lines + lost < 200'001) {
    ASSERT_TRUE(readable(recording.descriptor.get())) << lines << " seen, " << lost << " lost";
    char text[256];
    const ssize_t size = ::recv(recording.descriptor.get(), text, sizeof text, 0);
    last.assign(text, static_cast<std::size_t>(size));
    const auto word = last.find(" lost ");
    if (word != std::string::npos)
      lost += std::stoll(last.substr(word + 6));
    else
      ++lines;
  }
  EXPECT_EQ(lines + lost, 200'001);
  EXPECT_GT(lost, 0);
  EXPECT_THAT(last, EndsWith(" GPIO17 1"));
}

TEST_F(BoardClientTest, SerialPortsAreTerminalsThatCanBeUnplugged) {
  const std::string path = say("sim serial add loctek");
  EXPECT_EQ(path, thread_.path() + ".loctek");
  SerialOptions options;
  options.path = path;
  auto port = openSerialPort(options);
  say("sim serial send loctek 9b0701");
  std::vector<std::uint8_t> got;
  while (got.size() < 3 && readable(port->fd())) {
    std::vector<std::uint8_t> chunk(8);
    chunk.resize(port->read(chunk));
    got.insert(got.end(), chunk.begin(), chunk.end());
  }
  EXPECT_THAT(got, ElementsAre(0x9b, 0x07, 0x01));
  const std::vector<std::uint8_t> answer{0xf1, 0x7e};
  port->write(answer);
  EXPECT_EQ(say("sim serial take loctek"), "f17e");
  EXPECT_EQ(say("sim serial take loctek"), "-");
  say("sim serial unplug loctek");
  struct stat info {};
  EXPECT_NE(::lstat(path.c_str(), &info), 0);
  EXPECT_TRUE(readable(port->fd())) << "hung up";
  say("sim serial send loctek 00");
  say("sim serial plug loctek");
  port.reset();
  EXPECT_NO_THROW(openSerialPort(options));
  EXPECT_EQ(errorOf([&] { say("sim serial add ../x"); }).code().value(), EINVAL);
  EXPECT_EQ(errorOf([&] { say("sim serial add loctek"); }).code().value(), EINVAL);
}

TEST_F(BoardClientTest, ABoardThatIsGoneIsNoDevice) {
  const auto input = gpio_.input(inputOf(17));
  auto output = gpio_.output(outputOf({22}, {true}));
  thread_.end();
  const auto error = errorOf([&] { output->set({false}); });
  EXPECT_EQ(error.code().value(), ENODEV);
  EXPECT_THAT(error.what(), HasSubstr("the simulated board is gone"));
  ASSERT_TRUE(readable(input->fd()));
  EXPECT_EQ(errorOf([&] { input->readEvents(); }).code().value(), ENODEV);
  EXPECT_NO_THROW(output.reset());
  EXPECT_EQ(errorOf([&] { makeSimBoard(thread_.path()); }).code().value(), ENOENT);
}

TEST_F(BoardClientTest, TheSocketIsForItsUserOnlyAndHasOneServer) {
  struct stat info {};
  ASSERT_EQ(::stat(thread_.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  Loop loop;
  BoardRunner runner(loop, {}, "", thread_.directory().path("other"));
  EXPECT_EQ(errorOf([&] { const BoardServer second(runner, thread_.path()); }).code().value(), EADDRINUSE);
}

TEST_F(BoardClientTest, ATooLongMessageIsAnError) {
  EXPECT_EQ(errorOf([&] { say(std::string(kLongestBoardMessage + 1, 'x')); }).code().value(), EMSGSIZE);
  EXPECT_EQ(say("sim level GPIO17"), "0");
}

TEST(BoardWire, WordsHoldAnything) {
  for (const std::string text : {"", "-", "desk", "two words", "100%", "a-b", "\ttab\n", "%2d"}) {
    const std::string word = encodeWord(text);
    EXPECT_EQ(decodeWord(word), text);
    EXPECT_EQ(splitWords(word).size(), 1u) << word;
  }
  EXPECT_THROW(decodeWord("%4"), std::invalid_argument);
  EXPECT_THROW(decodeWord("%zz"), std::invalid_argument);
  EXPECT_EQ(errnoOf("EBUSY"), EBUSY);
  EXPECT_EQ(errnoOf("EWHAT"), 0);
}

}  // namespace
}  // namespace deskd
