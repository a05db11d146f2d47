// SPDX-License-Identifier: Apache-2.0
#include "daemon/guard/spare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <string>

#include "daemon/wire/channel.h"
#include "daemon/wire/codec.h"

namespace deskd {
namespace {

using testing::HasSubstr;
using testing::Property;
using testing::ThrowsMessage;

// What the supervisor has said before the spare looks is there when it does, so that nothing here blocks.
class SpareTest : public testing::Test {
 protected:
  static std::string ownName() {
    std::array<char, 16> name{};
    ::prctl(PR_GET_NAME, name.data());
    return name.data();
  }
  ~SpareTest() override { ::prctl(PR_SET_NAME, name_.c_str()); }

  const std::string name_ = ownName();
  std::pair<UniqueFd, UniqueFd> ends_ = wire::socketPair();
  UniqueFd& supervisor_ = ends_.first;
  const int own_ = ends_.second.get();
};

TEST_F(SpareTest, SaysThatItWaitsAndTakesOverWhenItIsTold) {
  wire::send(supervisor_.get(), wire::TakeOver{});
  EXPECT_TRUE(waitAsSpare(own_));
  const auto said = wire::receive(supervisor_.get());
  ASSERT_TRUE(said);
  EXPECT_TRUE(std::holds_alternative<wire::Standby>(said->message));
  EXPECT_EQ(ownName(), "deskd-guard");
}

TEST_F(SpareTest, LeavesWhatFollowsItsOrderToTheGuard) {
  wire::send(supervisor_.get(), wire::TakeOver{});
  wire::send(supervisor_.get(), wire::Settled{"desk"});
  EXPECT_TRUE(waitAsSpare(own_));
  const auto next = wire::receive(own_);
  ASSERT_TRUE(next);
  EXPECT_TRUE(std::holds_alternative<wire::Settled>(next->message));
}

TEST_F(SpareTest, EndsWithTheSupervisor) {
  // It has died without reading what the spare says, which must not be taken for an order.
  ::shutdown(supervisor_.get(), SHUT_WR);
  EXPECT_FALSE(waitAsSpare(own_));
  EXPECT_EQ(ownName(), "guard-spare");
}

TEST_F(SpareTest, FollowsTheLastOrderOfASupervisorThatHasDied) {
  wire::send(supervisor_.get(), wire::TakeOver{});
  ::shutdown(supervisor_.get(), SHUT_WR);
  EXPECT_TRUE(waitAsSpare(own_));
}

TEST_F(SpareTest, DoesNotDieOfTheSupervisorsDeathOnceItWaits) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  wire::send(supervisor_.get(), wire::TakeOver{});
  EXPECT_TRUE(waitAsSpare(own_));
  int signal = -1;
  ::prctl(PR_GET_PDEATHSIG, &signal);
  EXPECT_EQ(signal, 0);
}

TEST_F(SpareTest, TakesNothingElseForItsOrder) {
  wire::send(supervisor_.get(), wire::Settled{"desk"});
  EXPECT_THAT([&] { waitAsSpare(own_); }, ThrowsMessage<std::invalid_argument>(HasSubstr(
                                              "deskd sent Settled to the spare guard: expected TakeOver")));
}

TEST_F(SpareTest, TakesNoNonsenseForItsOrder) {
  wire::Bytes other = wire::encode(wire::TakeOver{});
  ++other.at(0);  // of another version
  wire::Bytes longer = wire::encode(wire::TakeOver{});
  longer.push_back(0);
  for (const wire::Bytes& bytes : {other, longer, wire::Bytes{1}}) {
    ASSERT_EQ(::send(supervisor_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    EXPECT_THROW(waitAsSpare(own_), wire::BadMessage);
  }
}

}  // namespace
}  // namespace deskd
