// SPDX-License-Identifier: Apache-2.0
#include "daemon/wire/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "daemon/wire/codec.h"

namespace deskd::wire {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// One of each type, in the variant's order, with something in every field.
std::vector<Any> samples() {
  return {Fork{7},
          Forked{7, 1234, 11},
          Load{1,
               "desk",
               "/s/desk.js",
               "/lib",
               "{\"a\":1}",
               2000,
               64,
               128,
               50,
               1000,
               -5,
               300,
               true,
               false,
               "/board",
               {{"/dev/a", "/p"}},
               {"GPIO17"},
               {"i2c-1", "*"},
               {"/dev/serial0"}},
          wire::Run{},
          Unload{2000},
          Connection{true},
          Message{3, "a/b", {0, 1, 255}, 1, true},
          Result{4, "ERR_OFFLINE", "no"},
          Command{"target", "86.5"},
          Imports{{{"/s/lib/a.js", "1:2:3"}, {"/s/b.json", ""}}},
          Loaded{},
          Running{},
          Failed{"turn", "too long", "at f (x.js:1:2)", "x.js", 1, 2},
          Log{4, "text\nmore", {{"CODE_FILE", "x.js"}}},
          LostLines{12},
          Publish{5, "t", {1, 2}, 2, true},
          Subscribe{6, 7, "a/+/#", 1},
          Unsubscribe{7},
          Device{"{}"},
          Declare{"cover", "cover", "{}", true, true},
          Remove{"cover"},
          State{"height", "86.5"},
          Attributes{"{}"},
          Event{"keypad", "{}"},
          Refusal{"target", "{}"},
          Available{true},
          Unloaded{},
          Attach{9, "desk", {"GPIO17"}},
          Detached{9},
          Heartbeat{},
          Driving{300},
          Settled{"desk"},
          GuardSocket{},
          DeclareOutput{1, 2, "GPIO17", true, true, 1, 2, 300, 30000, 60000},
          DeclareFailsafe{1, 3, "/dev/serial0", {0xf1}, 1000},
          wire::Interlock{4, {2, 5}, 500},
          wire::Drive{5, 2, true, 400, 30},
          Renew{2},
          Forget{2},
          wire::Expired{2, "lease"},
          StorageGet{1, true, "key"},
          StorageKeys{2, false, "a/", "a/b"},
          StorageApply{3, true, {{"k", "1"}}, {"n"}, {{"s", "{}"}}, {"r"}},
          StorageFlush{4, true},
          StorageAnswer{5, "ERR_QUOTA", "full", {"1"}, true},
          Standby{},
          TakeOver{}};
}

TEST(Messages, ComeBackAsTheyWereSent) {
  const auto all = samples();
  ASSERT_EQ(all.size(), std::variant_size_v<Any>);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].index(), i);
    const Bytes datagram = encode(all[i]);
    const Any again = decode(datagram);
    EXPECT_EQ(again.index(), i);
    EXPECT_EQ(encode(again), datagram) << nameOf(again);
  }
}

TEST(Messages, KeepTheirFields) {
  const auto message = std::get<Message>(decode(encode(Message{3, "a/b", {0, 1, 255}, 1, true})));
  EXPECT_EQ(message.subscription, 3u);
  EXPECT_EQ(message.topic, "a/b");
  EXPECT_EQ(message.payload, (Bytes{0, 1, 255}));
  EXPECT_EQ(message.qos, 1);
  EXPECT_TRUE(message.retained);
  const Fields files{{"/s/lib/a.js", "1:2:3"}, {"", ""}, {"/s/b.json", ""}};
  EXPECT_EQ(std::get<Imports>(decode(encode(Imports{files}))).files, files);
  Load load;
  load.nice = -5;
  EXPECT_EQ(std::get<Load>(decode(encode(load))).nice, -5);
}

TEST(Messages, OfAnotherVersionAreRefused) {
  Bytes datagram = encode(wire::Run{});
  datagram[0] = version + 1;
  EXPECT_THAT([&] { decode(datagram); }, ThrowsMessage<BadMessage>(HasSubstr("version")));
}

TEST(Messages, WithUnknownTypeWrongLengthOrMoreBytesAreRefused) {
  Bytes type = encode(wire::Run{});
  type[1] = std::variant_size_v<Any>;
  EXPECT_THROW(decode(type), BadMessage);
  Bytes longer = encode(Connection{true});
  longer.push_back(0);
  EXPECT_THROW(decode(longer), BadMessage);
  longer[4] = 2;
  EXPECT_THAT([&] { decode(longer); }, ThrowsMessage<BadMessage>(HasSubstr("expected the end")));
  Bytes boolean = encode(Connection{true});
  boolean.back() = 2;
  EXPECT_THROW(decode(boolean), BadMessage);
  EXPECT_THROW(decode({}), BadMessage);
}

TEST(Messages, CutAnywhereAreRefused) {
  for (const Any& sample : samples()) {
    const Bytes whole = encode(sample);
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_THROW(decode(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
                   BadMessage);
  }
}

TEST(Messages, LongerThanADatagramAreNotEncoded) {
  EXPECT_THROW(encode(Publish{1, "t", Bytes(maxMessageBytes), 0, false}), std::length_error);
  EXPECT_NO_THROW(encode(Publish{1, std::string(65535, 't'), Bytes(maxPayloadBytes), 0, false}));
}

TEST(Messages, LengthIsKnownBeforeTheyAreEncoded) {
  for (const Any& message : samples())
    EXPECT_EQ(encodedBytes(message), encode(message).size()) << nameOf(message);
}

// Whatever arrives is decoded or refused; with sanitizers on, that is all there is to see.
TEST(Messages, SurviveArbitraryBytes) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto all = samples();
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = encode(all[random() % all.size()]);
    for (auto changes = random() % 4; changes > 0 && !bytes.empty(); --changes)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    if (random() % 8 == 0) bytes.resize(random() % 64);
    try {
      const Any message = decode(bytes);
      EXPECT_EQ(encode(message), bytes);  // nothing but the one form is accepted
      ++accepted;
    } catch (const BadMessage&) {
      continue;
    }
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace deskd::wire
