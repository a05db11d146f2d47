// SPDX-License-Identifier: Apache-2.0
#include "hal/serial_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "hal/base/error.h"
#include "hal/sim/pty.h"
#include "tests/fakes/temp_directory.h"
#include "tests/hal/framings.h"
#include "tests/hal/loop_runner.h"

namespace deskd {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

const Bytes kHeight = hex("F2F20103033F0F557E");
const std::string kHeightHex = toHex(kHeight);

std::string codeOf(const std::exception_ptr& failure) {
  if (!failure) return "sent";
  try {
    std::rethrow_exception(failure);
  } catch (const CodedError& error) {
    return error.code();
  } catch (const std::exception& error) {
    return error.what();
  }
}

template <class Call>
std::string codeThrownBy(const Call& call) {
  try {
    call();
  } catch (const CodedError& error) {
    return error.code();
  }
  return "nothing";
}

// A cable that can be pulled and put back, and everything that the link on it has said, in order.
class SerialLinkTest : public testing::Test {
 protected:
  void SetUp() override { plug(); }

  void plug() { pty_.emplace(path_); }
  void unplug() { pty_.reset(); }

  SerialLinkOptions options() const {
    SerialLinkOptions options;
    options.port.path = path_;
    options.framing = jiecang();
    options.retryMs = 5;
    options.maxRetryMs = 20;
    return options;
  }
  SerialLinkHandlers handlers() {
    return {[this](std::span<const std::uint8_t> frame) { said_.push_back(toHex(frame)); },
            [this](const std::system_error&) { said_.push_back("disconnect"); },
            [this] { said_.push_back("reconnect"); }};
  }
  void open(const SerialLinkOptions& with) { link_ = std::make_unique<SerialLink>(loop_, with, handlers()); }
  void open() { open(options()); }

  bool untilSaid(std::size_t count) {
    return runUntil(loop_, [&] { return said_.size() >= count; });
  }
  // Turns the loop until the far end has received so many bytes.
  Bytes receive(std::size_t size) {
    Bytes all;
    Poll incoming(loop_, pty_->fd(), [&](int) {
      Bytes buffer(4096);
      buffer.resize(pty_->read(buffer));
      all = all + buffer;
    });
    incoming.start(UV_READABLE);
    runUntil(loop_, [&] { return all.size() >= size; });
    return all;
  }

  TempDirectory directory_;
  const std::string path_ = directory_.path("desk");
  Loop loop_;
  std::optional<Pty> pty_;
  std::vector<std::string> said_;
  std::unique_ptr<SerialLink> link_;  // declared last: gone before the loop
};

TEST_F(SerialLinkTest, DeliversFrames) {
  open();
  pty_->write(hex("00") + kHeight + kHeight);
  ASSERT_TRUE(untilSaid(2));
  EXPECT_THAT(said_, ElementsAre(kHeightHex, kHeightHex));
  EXPECT_EQ(link_->statistics().garbageBytes, 1u);
}

TEST_F(SerialLinkTest, ThrowsIfTheFirstOpenFails) {
  unplug();
  EXPECT_THROW(open(), std::system_error);
}

TEST_F(SerialLinkTest, ThrowsForFramingThatMakesNoSense) {
  SerialLinkOptions wrong = options();
  wrong.framing.lengthAt = 0;
  EXPECT_THROW(open(wrong), std::invalid_argument);
}

TEST_F(SerialLinkTest, WritesInOrderAndSaysWhenDone) {
  open();
  std::vector<std::string> done;
  for (const char* name : {"a", "b", "c"}) {
    link_->write(ascii(name),
                 [&done, name](std::exception_ptr failure) { done.push_back(name + codeOf(failure)); });
  }
  EXPECT_THAT(done, IsEmpty()) << "never from inside write()";
  ASSERT_TRUE(runUntil(loop_, [&] { return done.size() == 3; }));
  EXPECT_THAT(done, ElementsAre("asent", "bsent", "csent"));
  EXPECT_EQ(receive(3), ascii("abc"));
  EXPECT_EQ(link_->queuedBytes(), 0u);
}

TEST_F(SerialLinkTest, AnEmptyWriteIsDoneToo) {
  open();
  bool done = false;
  link_->write({}, [&](std::exception_ptr failure) { done = !failure; });
  EXPECT_TRUE(runUntil(loop_, [&] { return done; }));
}

TEST_F(SerialLinkTest, SendsInPartsWhatTheKernelDoesNotTakeAtOnce) {
  open();
  Bytes sent(60'000);
  for (std::size_t index = 0; index < sent.size(); ++index)
    sent[index] = static_cast<std::uint8_t>(index * 7 >> 3);
  bool done = false;
  link_->write(sent, [&](std::exception_ptr failure) { done = !failure; });
  EXPECT_GT(link_->queuedBytes(), 0u) << "the kernel took it all: the test needs more bytes";
  EXPECT_EQ(receive(sent.size()), sent);
  EXPECT_TRUE(runUntil(loop_, [&] { return done; }));
}

TEST_F(SerialLinkTest, RefusesMoreThanItMayQueue) {
  SerialLinkOptions small = options();
  small.maxQueuedBytes = 60'000;
  open(small);
  bool done = false;
  link_->write(Bytes(60'000, 'x'), [&](std::exception_ptr) { done = true; });
  const std::size_t queued = link_->queuedBytes();
  ASSERT_GT(queued, 0u);
  const Bytes tooMuch(60'001 - queued, 'y');
  EXPECT_EQ(codeThrownBy([&] { link_->write(tooMuch); }), "ERR_QUEUE_FULL");
  EXPECT_EQ(link_->queuedBytes(), queued);
  EXPECT_EQ(receive(60'000), Bytes(60'000, 'x'));
  ASSERT_TRUE(runUntil(loop_, [&] { return done; }));
  EXPECT_EQ(codeThrownBy([&] { link_->write(tooMuch); }), "nothing");
}

TEST_F(SerialLinkTest, NoticesThatTheCableWasPulledAndPutBack) {
  open();
  unplug();
  ASSERT_TRUE(untilSaid(1));
  EXPECT_FALSE(link_->connected());
  EXPECT_FALSE(link_->closed());
  plug();
  ASSERT_TRUE(untilSaid(2));
  EXPECT_TRUE(link_->connected());
  pty_->write(kHeight);
  ASSERT_TRUE(untilSaid(3));
  EXPECT_THAT(said_, ElementsAre("disconnect", "reconnect", kHeightHex));
  link_->write(ascii("hello"));
  EXPECT_EQ(receive(5), ascii("hello"));
}

TEST_F(SerialLinkTest, FollowsALinkThatPointsToAnotherDeviceAfterwards) {
  open();
  for (int round = 0; round < 10; ++round) {
    unplug();
    ASSERT_TRUE(untilSaid(1));
    plug();
    ASSERT_TRUE(untilSaid(2));
    EXPECT_THAT(said_, ElementsAre("disconnect", "reconnect"));
    said_.clear();
  }
}

TEST_F(SerialLinkTest, ForgetsTheHalfFrameOfTheOldDevice) {
  open();
  pty_->write(hex("F2F20103"));
  runFor(loop_, Milliseconds(5));
  unplug();
  ASSERT_TRUE(untilSaid(1));
  EXPECT_EQ(link_->statistics().garbageBytes, 4u);
  plug();
  ASSERT_TRUE(untilSaid(2));
  pty_->write(kHeight);
  ASSERT_TRUE(untilSaid(3));
  EXPECT_EQ(said_.back(), kHeightHex);
}

TEST_F(SerialLinkTest, FailsWritesThatTheOldDeviceDidNotTake) {
  open();
  std::string outcome;
  link_->write(Bytes(60'000, 'x'), [&](std::exception_ptr failure) { outcome = codeOf(failure); });
  unplug();
  ASSERT_TRUE(untilSaid(1));
  EXPECT_EQ(outcome, "ERR_DISCONNECTED");
  EXPECT_EQ(link_->queuedBytes(), 0u);
  EXPECT_EQ(codeThrownBy([&] { link_->write(ascii("x")); }), "ERR_DISCONNECTED");
  EXPECT_EQ(codeThrownBy([&] { link_->setModemLines(true, true); }), "ERR_DISCONNECTED");
}

TEST_F(SerialLinkTest, LooksForTheDeviceLessAndLessOftenButNotLessThanTheLimit) {
  SerialLinkOptions slow = options();
  slow.retryMs = 20;
  slow.maxRetryMs = 40;
  open(slow);
  unplug();
  ASSERT_TRUE(untilSaid(1));
  const std::uint64_t lostAt = loop_.nowMs();
  runFor(loop_, Milliseconds(150));  // looked for at 20, 60, 100 and 140
  plug();
  ASSERT_TRUE(untilSaid(2));
  EXPECT_GE(loop_.nowMs() - lostAt, 150u);
  unplug();
  ASSERT_TRUE(untilSaid(3));
  const std::uint64_t lostAgainAt = loop_.nowMs();
  plug();
  ASSERT_TRUE(untilSaid(4));
  EXPECT_GE(loop_.nowMs() - lostAgainAt, 19u) << "waits before it looks";
}

TEST_F(SerialLinkTest, ClosesWhenItMayNotReconnect) {
  SerialLinkOptions once = options();
  once.reconnect = false;
  open(once);
  unplug();
  ASSERT_TRUE(untilSaid(1));
  EXPECT_TRUE(link_->closed());
  EXPECT_EQ(codeThrownBy([&] { link_->write(ascii("x")); }), "ERR_CLOSED");
  plug();
  runFor(loop_, Milliseconds(50));
  EXPECT_THAT(said_, ElementsAre("disconnect"));
}

TEST_F(SerialLinkTest, SaysNothingAfterClose) {
  open();
  std::string outcome;
  link_->write(Bytes(60'000, 'x'), [&](std::exception_ptr failure) { outcome = codeOf(failure); });
  pty_->write(kHeight);
  link_->close();
  link_->close();
  EXPECT_EQ(outcome, "ERR_CLOSED") << "before close() returns";
  unplug();
  runFor(loop_, Milliseconds(30));
  EXPECT_THAT(said_, IsEmpty());
  EXPECT_TRUE(link_->closed());
  EXPECT_FALSE(link_->connected());
  EXPECT_EQ(codeThrownBy([&] { link_->write(ascii("x")); }), "ERR_CLOSED");
}

TEST_F(SerialLinkTest, CloseWhileTheDeviceIsAwayEndsTheSearch) {
  open();
  unplug();
  ASSERT_TRUE(untilSaid(1));
  link_->close();
  plug();
  runFor(loop_, Milliseconds(50));
  EXPECT_THAT(said_, ElementsAre("disconnect"));
}

TEST_F(SerialLinkTest, ClosedLinkLeavesThePortToOthers) {
  open();
  link_->close();
  EXPECT_NO_THROW(open());
}

TEST_F(SerialLinkTest, MayBeClosedFromItsOwnFrameHandler) {
  SerialLinkHandlers closing = handlers();
  closing.onFrame = [&](std::span<const std::uint8_t> frame) {
    said_.push_back(toHex(frame));
    link_->close();
  };
  link_ = std::make_unique<SerialLink>(loop_, options(), closing);
  pty_->write(kHeight + kHeight);
  ASSERT_TRUE(untilSaid(1));
  runFor(loop_, Milliseconds(5));
  EXPECT_THAT(said_, ElementsAre(kHeightHex)) << "the second frame came in the same read";
}

// What comes in at once, its first frame, and a frame that comes in afterwards with the bytes it is sent as.
struct Discarded {
  const char* name;
  FramingOptions framing;
  Bytes input;
  std::string frame;
  Bytes nextInput;
  std::string nextFrame;
};

FramingOptions chunksOf(std::size_t size) {
  FramingOptions options = ofKind(FramingKind::none);
  options.max = size;
  return options;
}

std::vector<Discarded> everyFraming() {
  const std::string one = toHex(ascii("one"));
  const std::string next = toHex(ascii("new"));
  return {
      {"none", chunksOf(3), ascii("onetwo"), one, ascii("new"), next},
      {"fixed", kaidi(), hex("68010100000216 68010200000316 6801"), "68010100000216", hex("68010300000416"),
       "68010300000416"},
      {"delimiter", delimitedBy(ascii("\n")), ascii("one\ntwo\nthr"), one, ascii("new\n"), next},
      {"length", jiecang(), kHeight + kHeight + hex("F2F201"), kHeightHex, hex("F2F207040514028AB07E"),
       "F2F207040514028AB07E"},
      {"gap", gapOfMs(5), ascii("one"), one, ascii("new"), next},
      {"slip", ofKind(FramingKind::slip), slipEncode(ascii("one")) + slipEncode(ascii("two")) + ascii("thr"),
       one, slipEncode(ascii("new")), next}};
}

class SerialLinkDiscard : public SerialLinkTest, public testing::WithParamInterface<Discarded> {};

TEST_P(SerialLinkDiscard, FromTheFrameHandlerDropsWhatCameInWithTheFrame) {
  SerialLinkHandlers discarding = handlers();
  discarding.onFrame = [&](std::span<const std::uint8_t> frame) {
    if (said_.empty()) link_->discardInput();
    said_.push_back(toHex(frame));  // its bytes are still there
  };
  SerialLinkOptions wanted = options();
  wanted.framing = GetParam().framing;
  link_ = std::make_unique<SerialLink>(loop_, wanted, discarding);
  pty_->write(GetParam().input);
  ASSERT_TRUE(untilSaid(1));
  pty_->write(GetParam().nextInput);
  ASSERT_TRUE(untilSaid(2));
  EXPECT_THAT(said_, ElementsAre(GetParam().frame, GetParam().nextFrame));
}

INSTANTIATE_TEST_SUITE_P(EveryFraming, SerialLinkDiscard, testing::ValuesIn(everyFraming()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(SerialLinkTest, KeepsTheAnswerToWhatIsWrittenAfterDiscarding) {
  SerialLinkHandlers asking = handlers();
  asking.onFrame = [&](std::span<const std::uint8_t> frame) {
    said_.push_back(toHex(frame));
    if (said_.size() > 1) return;
    link_->discardInput();
    pty_->write(hex("F2F207040514028AB07E"));  // while the handler is still at work
  };
  link_ = std::make_unique<SerialLink>(loop_, options(), asking);
  pty_->write(kHeight + kHeight);
  ASSERT_TRUE(untilSaid(2));
  EXPECT_THAT(said_, ElementsAre(kHeightHex, "F2F207040514028AB07E"));
}

TEST_F(SerialLinkTest, MayBeClosedAfterDiscardingFromItsOwnFrameHandler) {
  SerialLinkHandlers closing = handlers();
  closing.onFrame = [&](std::span<const std::uint8_t> frame) {
    said_.push_back(toHex(frame));
    link_->discardInput();
    link_->close();
  };
  link_ = std::make_unique<SerialLink>(loop_, options(), closing);
  pty_->write(kHeight + kHeight);
  ASSERT_TRUE(untilSaid(1));
  runFor(loop_, Milliseconds(5));
  EXPECT_THAT(said_, ElementsAre(kHeightHex));
}

TEST_F(SerialLinkTest, MayBeDestroyedFromItsOwnFrameHandler) {
  SerialLinkHandlers destroying = handlers();
  destroying.onFrame = [&](std::span<const std::uint8_t> frame) {
    link_.reset();
    said_.push_back(toHex(frame));
  };
  link_ = std::make_unique<SerialLink>(loop_, options(), destroying);
  pty_->write(kHeight + kHeight);
  ASSERT_TRUE(untilSaid(1));
  EXPECT_THAT(said_, ElementsAre(kHeightHex));
}

TEST_F(SerialLinkTest, MayBeDestroyedFromItsDisconnectHandler) {
  SerialLinkHandlers destroying;
  bool gone = false;
  destroying.onDisconnect = [&](const std::system_error&) {
    link_.reset();
    gone = true;
  };
  link_ = std::make_unique<SerialLink>(loop_, options(), destroying);
  unplug();
  EXPECT_TRUE(runUntil(loop_, [&] { return gone; }));
}

TEST_F(SerialLinkTest, MayBeClosedWhenItReconnects) {
  SerialLinkHandlers closing = handlers();
  closing.onReconnect = [&] {
    link_->close();
    said_.push_back("closed");
  };
  link_ = std::make_unique<SerialLink>(loop_, options(), closing);
  unplug();
  ASSERT_TRUE(untilSaid(1));
  plug();
  ASSERT_TRUE(untilSaid(2));
  pty_->write(kHeight);
  runFor(loop_, Milliseconds(5));
  EXPECT_THAT(said_, ElementsAre("disconnect", "closed"));
}

TEST_F(SerialLinkTest, MayBeDestroyedWhenAWriteIsDoneOrHasFailed) {
  open();
  bool done = false;
  link_->write(ascii("x"), [&](std::exception_ptr) {
    link_.reset();
    done = true;
  });
  link_->write(ascii("y"), [&](std::exception_ptr) { ADD_FAILURE() << "the link was gone"; });
  ASSERT_TRUE(runUntil(loop_, [&] { return done; }));

  open();
  done = false;
  link_->write(Bytes(60'000, 'x'), [&](std::exception_ptr) {
    link_.reset();
    done = true;
  });
  unplug();
  ASSERT_TRUE(runUntil(loop_, [&] { return done; }));
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(SerialLinkTest, DestructionSaysNothing) {
  open();
  link_->write(Bytes(60'000, 'x'), [&](std::exception_ptr) { ADD_FAILURE() << "the owner is going away"; });
  link_.reset();
}

TEST_F(SerialLinkTest, EndsAFrameAtASilence) {
  SerialLinkOptions gap = options();
  gap.framing = gapOfMs(200);
  open(gap);
  pty_->write(ascii("one"));
  runFor(loop_, Milliseconds(2));
  pty_->write(ascii("two"));
  ASSERT_TRUE(untilSaid(1));
  pty_->write(ascii("three"));
  ASSERT_TRUE(untilSaid(2));
  EXPECT_THAT(said_, ElementsAre(toHex(ascii("onetwo")), toHex(ascii("three"))));
}

TEST_F(SerialLinkTest, FindsTheFrameBehindADoubledStartByteAfterASilence) {
  open();
  pty_->write(hex("F2 F2F207040514028AB07E"));
  ASSERT_TRUE(untilSaid(1));
  EXPECT_THAT(said_, ElementsAre("F2F207040514028AB07E"));
}

// The second half waits in the kernel while the process does something else for longer than the silence.
TEST_F(SerialLinkTest, DoesNotTakeItsOwnBusyTimeForSilence) {
  SerialLinkOptions quick = options();
  quick.framing.idleMs = 10;
  open(quick);
  pty_->write(hex("F2F201"));
  uv_run(loop_.uv(), UV_RUN_ONCE);
  pty_->write(hex("03033F0F557E"));
  const std::uint64_t busyUntil = uv_hrtime() + 30'000'000;
  while (uv_hrtime() < busyUntil) {
  }
  ASSERT_TRUE(untilSaid(1));
  EXPECT_THAT(said_, ElementsAre(kHeightHex));
  EXPECT_EQ(link_->statistics().garbageBytes, 0u);
}

}  // namespace
}  // namespace deskd
