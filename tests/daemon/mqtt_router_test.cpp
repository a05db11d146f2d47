// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_router.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <stdexcept>

#include "daemon/deskd/mqtt_client.h"
#include "hal/base/error.h"
#include "hal/base/log.h"
#include "tests/fakes/broker.h"
#include "tests/fakes/fake_link.h"
#include "tests/fakes/mqtt_peer.h"
#include "tests/fakes/run_until.h"

using namespace deskd;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

namespace {

MqttMessage message(const std::string& topic, const std::string& payload, bool retained = false,
                    std::vector<std::uint32_t> ids = {}) {
  MqttMessage m;
  m.topic = topic;
  m.payload = payload;
  m.retained = retained;
  m.subscriptionIds = std::move(ids);
  return m;
}

class MqttRouterTest : public testing::Test {
 protected:
  // "owner/subscription topic payload", "!" for a stored one.
  MqttRouter::Deliver deliver() {
    return [this](MqttOwner owner, SubscriptionId id, const MqttMessage& m) {
      got_.push_back(std::to_string(owner) + "/" + std::to_string(id) + " " + m.topic + " " + m.payload +
                     (m.retained ? "!" : ""));
    };
  }
  std::vector<std::string> got() { return std::exchange(got_, {}); }

  FakeLink link_;
  RetainedCache cache_{link_};
  std::uint64_t nowMs_ = 1000;
  std::vector<std::string> got_;
  MqttRouter router_{link_, cache_, deliver(), [this] { return nowMs_; }};
};

}  // namespace

TEST_F(MqttRouterTest, GivesEverySubscriptionOneCopyByIdentifier) {
  router_.subscribe(1, 1, "a/#", {}, MqttDone());
  router_.subscribe(1, 2, "a/+", {}, MqttDone());
  router_.subscribe(2, 1, "a/+", {}, MqttDone());
  const std::uint32_t all = link_.filters["a/#"].id;
  const std::uint32_t one = link_.filters["a/+"].id;
  EXPECT_NE(all, one);
  router_.received(message("a/b", "x", false, {all}));
  router_.received(message("a/b", "x", false, {one}));
  EXPECT_THAT(got(), ElementsAre("1/1 a/b x", "1/2 a/b x", "2/1 a/b x"));
  router_.received(message("a/b", "y", false, {one, all}));
  EXPECT_THAT(got(), UnorderedElementsAre("1/1 a/b y", "1/2 a/b y", "2/1 a/b y"));
}

TEST_F(MqttRouterTest, TakesCopiesWithoutIdentifiersForOne) {
  link_.version = 3;
  router_.subscribe(1, 1, "a/#", {}, MqttDone());
  router_.subscribe(2, 1, "a/+", {}, MqttDone());
  router_.received(message("a/b", "x"));
  router_.received(message("a/b", "x"));  // the broker's second copy
  EXPECT_THAT(got(), UnorderedElementsAre("1/1 a/b x", "2/1 a/b x"));
  router_.received(message("a/b", "x"));  // a third is no copy
  EXPECT_THAT(got(), UnorderedElementsAre("1/1 a/b x", "2/1 a/b x"));
  nowMs_ += 2 * MqttRouter::duplicateWindowMs;
  router_.received(message("a/b", "x"));  // nor is a later one
  EXPECT_THAT(got(), UnorderedElementsAre("1/1 a/b x", "2/1 a/b x"));
  router_.received(message("a/b/c", "x"));
  router_.received(message("a/b/c", "x"));
  EXPECT_THAT(got(), ElementsAre("1/1 a/b/c x", "1/1 a/b/c x")) << "only one filter matches";
}

TEST_F(MqttRouterTest, ANewcomerGetsWhatIsStoredAndTheOthersDoNotGetItAgain) {
  router_.subscribe(1, 1, "a", {}, MqttDone());
  const std::uint32_t id = link_.filters["a"].id;
  router_.received(message("a", "1", true, {id}));
  EXPECT_THAT(got(), ElementsAre("1/1 a 1!"));
  router_.subscribe(2, 7, "a", {}, MqttDone());
  EXPECT_EQ(link_.subscribes["a"], 2) << "asks the broker again";
  router_.received(message("a", "1", true, {id}));
  EXPECT_THAT(got(), ElementsAre("2/7 a 1!"));
  router_.received(message("a", "2", false, {id}));
  EXPECT_THAT(got(), ElementsAre("1/1 a 2", "2/7 a 2"));
  router_.connected();
  router_.received(message("a", "2", true, {id}));
  EXPECT_THAT(got(), ElementsAre("1/1 a 2!", "2/7 a 2!")) << "a new connection begins anew";
}

TEST_F(MqttRouterTest, WhoDoesNotWantStoredMessagesGetsNone) {
  MqttSubscription fresh;
  fresh.wantRetained = false;
  router_.subscribe(1, 1, "a", fresh, MqttDone());
  EXPECT_FALSE(link_.filters["a"].wantRetained);
  router_.subscribe(2, 1, "a", {}, MqttDone());
  EXPECT_TRUE(link_.filters["a"].wantRetained);
  router_.received(message("a", "1", true));
  EXPECT_THAT(got(), ElementsAre("2/1 a 1!"));
}

TEST_F(MqttRouterTest, AsksForTheHighestQuality) {
  MqttSubscription wish;
  wish.qos = 0;
  router_.subscribe(1, 1, "a", wish, MqttDone());
  EXPECT_EQ(link_.filters["a"].qos, 0);
  wish.qos = 2;
  router_.subscribe(1, 2, "a", wish, MqttDone());
  EXPECT_EQ(link_.filters["a"].qos, 2);
}

TEST_F(MqttRouterTest, EndsABrokersSubscriptionWithItsLastOwner) {
  router_.subscribe(1, 1, "a", {}, MqttDone());
  router_.subscribe(1, 2, "b", {}, MqttDone());
  router_.subscribe(2, 1, "a", {}, MqttDone());
  router_.dropOwner(1);
  EXPECT_EQ(link_.filters.count("a"), 1u);
  EXPECT_EQ(link_.filters.count("b"), 0u);
  router_.received(message("a", "x"));
  EXPECT_THAT(got(), ElementsAre("2/1 a x"));
  router_.unsubscribe(2, 1);
  router_.unsubscribe(2, 1);
  EXPECT_THAT(link_.filters, IsEmpty());
  router_.received(message("a", "x"));
  EXPECT_THAT(got(), IsEmpty());
  EXPECT_EQ(router_.subscriptions(), 0u);
}

TEST_F(MqttRouterTest, AReceiverMayEndSubscriptions) {
  router_.subscribe(1, 1, "a", {}, [&](const MqttMessage&) { router_.dropOwner(2); });
  router_.subscribe(2, 1, "a", {}, MqttDone());
  router_.received(message("a", "x"));
  EXPECT_THAT(got(), IsEmpty());
}

TEST_F(MqttRouterTest, RefusesWhatIsWrong) {
  EXPECT_THROW(router_.subscribe(1, 1, "a/#/b", {}, MqttDone()), std::invalid_argument);
  EXPECT_THROW(router_.publish("one", message("a/+", "x")), std::invalid_argument);
  MqttMessage odd = message("a", "x");
  odd.qos = 3;
  EXPECT_THROW(router_.publish("one", odd), std::invalid_argument);
  router_.subscribe(1, 1, "a", {}, MqttDone());
  EXPECT_THROW(router_.subscribe(1, 1, "b", {}, MqttDone()), CodedError);
  EXPECT_EQ(link_.filters.count("b"), 0u);
}

TEST_F(MqttRouterTest, RefusesEventsWhileOfflineAndKeepsStates) {
  link_.online = false;
  std::vector<std::string> results;
  router_.publish("one", message("event", "x"),
                  [&](const MqttResult& r) { results.push_back("event " + r.code); });
  router_.publish("one", message("state", "x", true),
                  [&](const MqttResult& r) { results.push_back(r.stored ? "state stored" : "state ?"); });
  link_.runLater();
  EXPECT_THAT(results, UnorderedElementsAre("event ERR_OFFLINE", "state stored"));
  link_.sent.clear();
  link_.online = true;
  router_.connected();
  EXPECT_THAT(link_.lines(), ElementsAre("state=x"));
}

TEST_F(MqttRouterTest, SendsAgainWhatStoppedScriptsLeft) {
  router_.publish("one", message("a", "1", true));
  router_.publish("two", message("b", "1", true));
  router_.dropOwner(1);
  link_.answerAll();
  link_.sent.clear();
  router_.connected();
  EXPECT_THAT(link_.lines(), ElementsAre("a=1", "b=1"));
}

TEST_F(MqttRouterTest, ADeletedScriptLeavesNothingAtTheBroker) {
  router_.publish("one", message("a", "1", true));
  router_.publish("one", message("b", "1", true));
  router_.publish("two", message("b", "2", true));  // now the other's
  router_.dropOwner(1);
  router_.clearRetained("one");
  EXPECT_THAT(link_.stored(), ElementsAre(std::pair<const std::string, std::string>("b", "2")));
}

TEST_F(MqttRouterTest, ANewVersionTakesOverWhatTheLastOneKept) {
  for (MqttOwner process = 1; process <= 3; ++process) {
    router_.subscribe(process, 1, "x", {}, MqttDone());
    router_.publish("one", message("a", std::to_string(process), true));
    router_.dropOwner(process);
  }
  router_.publish("one", message("b", "1", true));
  link_.answerAll();
  link_.sent.clear();
  router_.connected();
  EXPECT_THAT(link_.lines(), ElementsAre("a=3", "b=1")) << "each once";
  router_.clearRetained("one");
  EXPECT_THAT(link_.stored(), IsEmpty());
  link_.answerAll();
  EXPECT_EQ(cache_.topics(), 0u);
}

TEST_F(MqttRouterTest, BoundsAScriptsRetainedTopics) {
  for (std::size_t i = 0; i < MqttRouter::maxRetainedTopics; ++i) {
    router_.publish("one", message("t/" + std::to_string(i), "x", true));
  }
  EXPECT_THROW(router_.publish("one", message("more", "x", true)), CodedError);
  router_.publish("one", message("t/0", "y", true));
  router_.publish("two", message("more", "x", true));
  router_.publish("one", message("t/0", "", true));
  router_.publish("one", message("more", "x", true));
}

// Against mosquitto, which sends a copy for each overlapping filter.

class MqttRouterBroker : public MqttRouterTest, public testing::WithParamInterface<MqttVersion> {
 protected:
  MqttRouterBroker() {
    ::signal(SIGPIPE, SIG_IGN);
    setLogSink([](const LogRecord&) {});
    MqttClientOptions options;
    parseMqttUrl(broker_.url(), options.settings);
    options.settings.version = GetParam();
    options.clientId = "deskd-test";
    options.firstRetryDelay = Milliseconds(20);
    options.random = [] { return 0.0; };
    MqttClientHandlers handlers;
    handlers.onConnected = [this] {
      ++connections_;
      routed_->connected();
    };
    handlers.onMessage = [this](const MqttMessage& m) { routed_->received(m); };
    client_.emplace(loop_, options, handlers);
    kept_.emplace(*client_);
    routed_.emplace(*client_, *kept_, deliver(), [this] { return loop_.nowMs(); });
    client_->start();
    EXPECT_TRUE(runUntil(loop_, [&] { return connections_ == 1; }));
  }
  void subscribe(MqttOwner owner, SubscriptionId id, const std::string& filter) {
    bool granted = false;
    routed_->subscribe(owner, id, filter, {}, [&](const MqttResult& result) { granted = result.ok(); });
    ASSERT_TRUE(runUntil(loop_, [&] { return granted; }));
  }
  // Everything the broker has sent so far has been routed when a last message of its own has.
  std::vector<std::string> settled(MqttPeer& peer) {
    peer.publish("barrier", "x");
    EXPECT_TRUE(runUntil(loop_, [&] { return !got_.empty() && got_.back() == "9/9 barrier x"; }));
    if (!got_.empty()) got_.pop_back();
    return got();
  }

  Loop loop_;
  Broker broker_;
  unsigned connections_ = 0;
  std::optional<MqttClient> client_;
  std::optional<RetainedCache> kept_;
  std::optional<MqttRouter> routed_;
};

INSTANTIATE_TEST_SUITE_P(Both, MqttRouterBroker, testing::Values(MqttVersion::v311, MqttVersion::v5),
                         [](const auto& version) {
                           return version.param == MqttVersion::v5 ? "V5" : "V311";
                         });

TEST_P(MqttRouterBroker, DeliversOnceForEachOfOverlappingFilters) {
  subscribe(9, 9, "barrier");
  subscribe(1, 1, "a/#");
  subscribe(1, 2, "a/+");
  subscribe(2, 1, "a/b");
  MqttPeer peer(loop_, broker_.port(), "peer");
  peer.publish("a/b", "x");
  EXPECT_THAT(settled(peer), UnorderedElementsAre("1/1 a/b x", "1/2 a/b x", "2/1 a/b x"));
}

TEST_P(MqttRouterBroker, DeliversStoredMessagesToEachNewcomerOnly) {
  MqttPeer peer(loop_, broker_.port(), "peer");
  peer.publish("a/b", "old", true);
  subscribe(9, 9, "barrier");
  subscribe(1, 1, "a/b");
  EXPECT_THAT(settled(peer), ElementsAre("1/1 a/b old!"));
  subscribe(2, 1, "a/b");
  EXPECT_THAT(settled(peer), ElementsAre("2/1 a/b old!"));
  subscribe(3, 1, "a/+");
  EXPECT_THAT(settled(peer), ElementsAre("3/1 a/b old!"));
}

TEST_P(MqttRouterBroker, RestoresABrokerThatLostItsData) {
  for (int i = 0; i < 500; ++i) {
    routed_->publish("one", message("state/" + std::to_string(i), std::to_string(i), true));
  }
  ASSERT_TRUE(runUntil(loop_, [&] { return kept_->waiting() == 0 && client_->unacknowledged() == 0; }));
  broker_.kill();
  ASSERT_TRUE(runUntil(loop_, [&] { return !client_->connected(); }));
  routed_->publish("one", message("state/7", "changed meanwhile", true));
  broker_.start();
  MqttPeer peer(loop_, broker_.port(), "peer");
  peer.subscribe("state/#");
  ASSERT_TRUE(runUntil(loop_, [&] { return peer.received().size() >= 500; }));
  EXPECT_EQ(peer.last("state/499"), "499");
  EXPECT_EQ(peer.last("state/7"), "changed meanwhile");
  EXPECT_EQ(peer.received().size(), 500u);
}
