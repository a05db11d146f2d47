// SPDX-License-Identifier: Apache-2.0
#include "daemon/wire/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace deskd::wire {
namespace {

struct End {
  std::vector<Any> received;
  std::optional<std::string> closed;
  Loop& loop;
  std::optional<Channel> channel;

  End(Loop& on, UniqueFd socket) : loop(on) {
    channel.emplace(loop, std::move(socket),
                    Channel::Handlers{[this](Any&& message) {
                                        received.push_back(std::move(message));
                                        loop.stop();
                                      },
                                      [this](const std::string& reason) {
                                        closed = reason;
                                        loop.stop();
                                      }});
  }
};

TEST(Channel, DeliversInOrderAndTellsTheEnd) {
  Loop loop;
  auto [a, b] = socketPair();
  End receiver(loop, std::move(b));
  {
    End sender(loop, std::move(a));
    EXPECT_TRUE(sender.channel->post(Unload{1}));
    EXPECT_TRUE(sender.channel->post(Unload{2}));
    while (receiver.received.size() < 2)
      loop.run();
  }
  while (!receiver.closed)
    loop.run();
  EXPECT_EQ(std::get<Unload>(receiver.received[0]).timeoutMs, 1u);
  EXPECT_EQ(std::get<Unload>(receiver.received[1]).timeoutMs, 2u);
  EXPECT_EQ(*receiver.closed, "");
}

TEST(Channel, ReadsAllThatAPeerHasLeftBehindThoughItHasNotReadItself) {
  Loop loop;
  auto [a, b] = socketPair();
  End receiver(loop, std::move(b));
  constexpr std::size_t most = 100;  // more than one turn reads
  for (std::size_t i = 0; i < most; ++i)
    send(a.get(), Log{6, "line", {}});
  send(a.get(), Failed{"exception", "Error: after the flood", "", "", 0, 0});
  receiver.channel->post(Connection{true});
  a.reset();
  receiver.channel->drain();
  ASSERT_EQ(receiver.received.size(), most + 1);
  EXPECT_TRUE(std::holds_alternative<Failed>(receiver.received.back()));
  EXPECT_EQ(receiver.closed, "");
}

TEST(Channel, NeverBlocksAndDropsWhatDoesNotFit) {
  Loop loop;
  auto [a, b] = socketPair();
  End sender(loop, std::move(a));  // nobody reads the other end
  std::size_t sent = 0;
  while (sender.channel->post(Publish{static_cast<std::uint32_t>(sent), "t", Bytes(1000), 0, false}))
    ++sent;
  EXPECT_EQ(sender.channel->dropped(), 1u);
  EXPECT_GE(sent, Channel::maxQueued);
  // Everything that was accepted arrives, in order, once somebody reads.
  End receiver(loop, std::move(b));
  while (receiver.received.size() < sent)
    loop.run();
  for (std::size_t i = 0; i < sent; ++i)
    EXPECT_EQ(std::get<Publish>(receiver.received[i]).request, i);
}

TEST(Channel, KeepsRoomForWhatDeskdItselfSays) {
  Loop loop;
  auto [a, b] = socketPair();
  End sender(loop, std::move(a));
  while (sender.channel->post(Log{6, std::string(1000, 'x'), {}})) {
  }
  EXPECT_TRUE(sender.channel->post(Running{}));
  EXPECT_FALSE(sender.channel->post(Log{6, std::string(1000, 'x'), {}}));
  EXPECT_TRUE(sender.channel->post(Failed{"exception", "no", "", "", 0, 0}));
  End receiver(loop, std::move(b));
  // Nothing comes after Running.
  while (receiver.received.empty() || !std::holds_alternative<Running>(receiver.received.back()))
    loop.run();
  const auto failed = [](const Any& message) { return std::holds_alternative<Failed>(message); };
  const auto found = std::find_if(receiver.received.begin(), receiver.received.end(), failed);
  EXPECT_LT(found - receiver.received.begin(), static_cast<std::ptrdiff_t>(Channel::maxQueued) / 2)
      << "it overtakes what waits: its process has not long to live";
}

TEST(Channel, KeepsRoomForTheFailureWhateverElseWaits) {
  Loop loop;
  auto [a, b] = socketPair();
  End sender(loop, std::move(a));
  while (sender.channel->post(Log{6, "line", {}})) {
  }
  EXPECT_FALSE(sender.channel->post(LostLines{1}));
  while (sender.channel->post(Running{})) {
  }
  EXPECT_TRUE(sender.channel->post(Failed{"exception", "no", "", "", 0, 0}));
}

TEST(Channel, BoundsWhatDeskdItselfSaysToo) {
  Loop loop;
  auto [a, b] = socketPair();
  End sender(loop, std::move(a));
  std::size_t sent = 0;
  while (sender.channel->post(Result{1, "", std::string(1000, 'x')}))
    ASSERT_LT(++sent, 2 * (Channel::maxQueued + Channel::maxReserved));
}

TEST(Channel, LetsCommandsAndUnloadOvertakeWhatWaits) {
  Loop loop;
  auto [a, b] = socketPair();
  End sender(loop, std::move(a));
  while (sender.channel->post(Message{1, "t", Bytes(1000), 0, false})) {
  }
  EXPECT_TRUE(sender.channel->post(Command{"stop", "PRESS"}));
  EXPECT_TRUE(sender.channel->post(Unload{5}));
  End receiver(loop, std::move(b));
  const auto placeOf = [&](auto isIt) {
    return std::find_if(receiver.received.begin(), receiver.received.end(), isIt) - receiver.received.begin();
  };
  const auto unload = [](const Any& message) { return std::holds_alternative<Unload>(message); };
  while (placeOf(unload) == static_cast<std::ptrdiff_t>(receiver.received.size()))
    loop.run();
  // What the kernel had already comes first; the queue does not.
  EXPECT_LT(placeOf(unload), static_cast<std::ptrdiff_t>(Channel::maxQueued) / 2);
  const auto command = [](const Any& message) { return std::holds_alternative<Command>(message); };
  EXPECT_EQ(placeOf(command), placeOf(unload) - 1);
}

TEST(Channel, RefusesAMessageThatIsTooLong) {
  Loop loop;
  auto [a, b] = socketPair();
  End sender(loop, std::move(a));
  EXPECT_FALSE(sender.channel->post(Log{6, std::string(maxMessageBytes, 'x'), {}}));
  EXPECT_EQ(sender.channel->dropped(), 1u);
}

TEST(Channel, CarriesTheLongestPayloadOfTheLongestTopic) {
  Loop loop;
  auto [a, b] = socketPair();
  End sender(loop, std::move(a));
  End receiver(loop, std::move(b));
  EXPECT_TRUE(sender.channel->post(Message{1, std::string(65535, 't'), Bytes(maxPayloadBytes), 1, true}));
  EXPECT_TRUE(sender.channel->post(Publish{1, std::string(65535, 't'), Bytes(maxPayloadBytes), 1, true}));
  while (receiver.received.size() < 2)
    loop.run();
  EXPECT_EQ(std::get<Message>(receiver.received[0]).payload.size(), maxPayloadBytes);
}

TEST(Channel, ClosesWhenTheOtherSideSendsNoMessage) {
  Loop loop;
  auto [a, b] = socketPair();
  End receiver(loop, std::move(b));
  const char nonsense[] = "nonsense";
  ASSERT_EQ(::send(a.get(), nonsense, sizeof nonsense, 0), static_cast<ssize_t>(sizeof nonsense));
  send(a.get(), wire::Run{});
  while (!receiver.closed)
    loop.run();
  EXPECT_NE(*receiver.closed, "");
  EXPECT_TRUE(receiver.received.empty());
}

TEST(Channel, PassesADescriptor) {
  auto [a, b] = socketPair();
  auto [c, d] = socketPair();
  send(a.get(), Fork{1}, c.get());
  auto received = receive(b.get());
  ASSERT_TRUE(received && received->descriptor);
  EXPECT_EQ(::fcntl(received->descriptor.get(), F_GETFD), FD_CLOEXEC);
  send(received->descriptor.get(), wire::Run{});
  EXPECT_TRUE(std::holds_alternative<wire::Run>(receive(d.get())->message));
}

TEST(Channel, HandsADescriptorToWhoTakesOne) {
  Loop loop;
  auto [a, b] = socketPair();
  auto [c, d] = socketPair();
  UniqueFd received;
  Channel channel(loop, std::move(b),
                  {[](Any&&) { FAIL() << "it came with a descriptor"; }, [](const std::string&) {},
                   [&](Any&& message, UniqueFd&& descriptor) {
                     EXPECT_TRUE(std::holds_alternative<GuardSocket>(message));
                     received = std::move(descriptor);
                     loop.stop();
                   }});
  send(a.get(), GuardSocket{}, c.get());
  loop.run();
  send(received.get(), wire::Run{});
  EXPECT_TRUE(std::holds_alternative<wire::Run>(receive(d.get())->message));
}

TEST(Channel, MayBeDestroyedByItsOwnHandler) {
  Loop loop;
  auto [a, b] = socketPair();
  std::optional<Channel> channel;
  int calls = 0;
  channel.emplace(loop, std::move(b),
                  Channel::Handlers{[&](Any&&) {
                                      ++calls;
                                      channel.reset();
                                    },
                                    {}});
  send(a.get(), wire::Run{});
  send(a.get(), wire::Run{});
  loop.run();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace deskd::wire
