// SPDX-License-Identifier: Apache-2.0
// Client, router, cache and hub together, against a real broker.
#include <gmock/gmock.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "daemon/deskd/hub.h"
#include "daemon/deskd/mqtt_client.h"
#include "hal/base/log.h"
#include "tests/fakes/broker.h"
#include "tests/fakes/mqtt_peer.h"
#include "tests/fakes/run_until.h"
#include "tests/fakes/temp_directory.h"

using namespace deskd;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

constexpr MqttOwner script = 7;

HubEntity entity(const std::string& property, const std::string& component,
                 const std::string& config = "{}") {
  HubEntity e;
  e.property = property;
  e.component = component;
  e.config = config;
  return e;
}

// The supervisor's wiring, for one device.
struct Node {
  Node(Loop& node, const Broker& broker, MqttVersion version, const std::string& stateDirectory)
      : loop(node) {
    MqttClientOptions options;
    parseMqttUrl(broker.url(), options.settings);
    options.settings.version = version;
    options.clientId = "deskd-pi-1";
    options.will = Hub::will("deskd", "pi-1");
    options.firstRetryDelay = Milliseconds(20);
    options.random = [] { return 0.0; };
    MqttClientHandlers handlers;
    handlers.onConnected = [this] {
      ++connections;
      hub->connected();
      router->connected();
    };
    handlers.onMessage = [this](const MqttMessage& message) { router->received(message); };
    client.emplace(loop, options, handlers);
    cache.emplace(*client);
    router.emplace(*client, *cache, MqttRouter::Deliver(), [this] { return loop.nowMs(); });
    HubOptions hubOptions;
    hubOptions.node = "pi-1";
    hubOptions.stateDirectory = stateDirectory;
    hubOptions.random = [] { return 0.0; };
    hub.emplace(loop, *client, *router, hubOptions,
                [this](MqttOwner, const std::string& property, const std::string& payload) {
                  commands.push_back(property + " " + payload);
                });
    hub->declareDevice(script, "desk", {});
    hub->declareEntity(script, entity("cover", "cover"));
    hub->declareEntity(script, entity("stop", "button"));
    hub->declareEntity(script, entity("keypad", "event", R"({"event_types":["up"]})"));
    hub->setState(script, "position", "37");
    hub->setState(script, "cover", "\"open\"");
    hub->setAvailable(script, true);
    client->start();
  }
  bool connect() {
    const unsigned before = connections;
    return runUntil(loop, [&] { return connections > before && settled(); });
  }
  bool settled() const { return client->connected() && client->unacknowledged() == 0; }
  void stop() {
    hub->stop();
    bool stopped = false;
    client->stop([&] { stopped = true; });
    EXPECT_TRUE(runUntil(loop, [&] { return stopped; }));
  }

  Loop& loop;
  unsigned connections = 0;
  std::vector<std::string> commands;
  std::optional<MqttClient> client;
  std::optional<RetainedCache> cache;
  std::optional<MqttRouter> router;
  std::optional<Hub> hub;
};

class HubBroker : public testing::TestWithParam<MqttVersion> {
 protected:
  HubBroker() {
    ::signal(SIGPIPE, SIG_IGN);
    setLogSink([](const LogRecord&) {});
  }

  Loop loop_;
  Broker broker_;
  TempDirectory directory_;
};

const std::string base = "deskd/pi-1/";

}  // namespace

INSTANTIATE_TEST_SUITE_P(Both, HubBroker, testing::Values(MqttVersion::v311, MqttVersion::v5),
                         [](const auto& version) {
                           return version.param == MqttVersion::v5 ? "V5" : "V311";
                         });

TEST_P(HubBroker, KeepsEverythingAtTheBroker) {
  Node node(loop_, broker_, GetParam(), directory_.path());
  ASSERT_TRUE(node.connect());
  // What is declared is announced a moment later, the keypad last; the hub comes after that.
  MqttPeer witness(loop_, broker_.port(), "witness");
  witness.subscribe("#");
  ASSERT_TRUE(witness.waitFor("homeassistant/event/pi-1/desk_keypad/config"));
  MqttPeer peer(loop_, broker_.port(), "hub");
  peer.subscribe("#");
  ASSERT_TRUE(peer.waitFor(base + "status", "online"));
  ASSERT_TRUE(peer.waitFor(base + "desk/status", "online"));
  ASSERT_TRUE(peer.waitFor(base + "desk/position/state", "37"));
  ASSERT_TRUE(peer.waitFor(base + "desk/cover/state", "open"));
  ASSERT_TRUE(peer.waitFor("homeassistant/cover/pi-1/desk_cover/config"));
  for (const MqttPeer::Message& message : peer.received())
    EXPECT_TRUE(message.retained) << message.topic;
  node.stop();
  EXPECT_TRUE(peer.waitFor(base + "status", "offline"));
  EXPECT_TRUE(peer.waitFor(base + "desk/status", "offline"));
}

TEST_P(HubBroker, ObeysFreshCommandsOnceAndNoStoredOnes) {
  MqttPeer peer(loop_, broker_.port(), "hub");
  peer.publish(base + "desk/cover/set", "OPEN", true);
  peer.publish(base + "desk/position/set", "100", true);
  peer.subscribe(base + "#");
  Node node(loop_, broker_, GetParam(), directory_.path());
  ASSERT_TRUE(node.connect());
  EXPECT_TRUE(peer.waitFor(base + "desk/cover/set", ""));  // cleared
  EXPECT_TRUE(peer.waitFor(base + "desk/position/set", ""));
  EXPECT_TRUE(peer.waitFor(base + "desk/attributes/state", R"({"retained_commands_ignored":2})"));
  peer.publish(base + "desk/stop/set", "PRESS");
  peer.publish(base + "desk/stop/set", "PRESS again");
  ASSERT_TRUE(runUntil(loop_, [&] { return node.commands.size() >= 2; }));
  peer.publish(base + "desk/nothing/set", "x");
  EXPECT_TRUE(peer.waitFor(base + "desk/nothing/error"));
  EXPECT_THAT(node.commands, ElementsAre("stop PRESS", "stop PRESS again"));
  EXPECT_EQ(node.hub->retainedCommandsIgnored(), 2u);

  MqttPeer late(loop_, broker_.port(), "late");
  late.subscribe(base + "+/+/set");
  late.publish("barrier", "x");
  late.subscribe("barrier");
  EXPECT_THAT(late.received(), IsEmpty()) << "nothing is left for the next to find";
}

TEST_P(HubBroker, ACommandThatIsSentRetainedJustNow) {
  Node node(loop_, broker_, GetParam(), directory_.path());
  ASSERT_TRUE(node.connect());
  MqttPeer peer(loop_, broker_.port(), "hub");
  peer.subscribe(base + "#");
  peer.publish(base + "desk/stop/set", "PRESS", true);
  if (GetParam() == MqttVersion::v5) {
    EXPECT_TRUE(peer.waitFor(base + "desk/stop/set", "")) << "seen, refused and cleared";
    EXPECT_THAT(node.commands, IsEmpty());
    EXPECT_EQ(node.hub->retainedCommandsIgnored(), 1u);
  } else {
    // Before MQTT 5 it cannot be told from any other, and is stored; it is cleared at the next connection.
    ASSERT_TRUE(runUntil(loop_, [&] { return !node.commands.empty(); }));
  }
}

TEST_P(HubBroker, TellsABrokerThatLostItsDataEverything) {
  Node node(loop_, broker_, GetParam(), directory_.path());
  ASSERT_TRUE(node.connect());
  broker_.kill();
  ASSERT_TRUE(runUntil(loop_, [&] { return !node.client->connected(); }));
  node.hub->setState(script, "position", "38");
  EXPECT_THROW(node.hub->fireEvent(script, "keypad", R"({"event_type":"up"})"), std::runtime_error);
  broker_.start();
  ASSERT_TRUE(node.connect());
  MqttPeer peer(loop_, broker_.port(), "hub");
  peer.subscribe("#");
  EXPECT_TRUE(peer.waitFor(base + "desk/position/state", "38"));
  EXPECT_TRUE(peer.waitFor(base + "desk/cover/state", "open"));
  EXPECT_TRUE(peer.waitFor("homeassistant/cover/pi-1/desk_cover/config"));
  peer.publish(base + "desk/stop/set", "PRESS");
  EXPECT_TRUE(runUntil(loop_, [&] { return node.commands.size() == 1; }));
}

TEST_P(HubBroker, ADeletedScriptLeavesNothingAtTheBroker) {
  Node node(loop_, broker_, GetParam(), directory_.path());
  ASSERT_TRUE(node.connect());
  // The announcement may still be on its way.
  MqttPeer watch(loop_, broker_.port(), "watch");
  watch.subscribe("homeassistant/#");
  ASSERT_TRUE(watch.waitFor("homeassistant/button/pi-1/desk_stop/config"));
  node.hub->dropOwner(script);
  node.hub->clearDevice("desk");
  ASSERT_TRUE(runUntil(loop_, [&] { return node.settled(); }));
  MqttPeer peer(loop_, broker_.port(), "hub");
  peer.subscribe("#");
  ASSERT_TRUE(peer.waitFor(base + "status", "online"));
  ASSERT_TRUE(peer.waitFor("homeassistant/binary_sensor/pi-1/status/config"));
  EXPECT_EQ(peer.received().size(), 2u) << "the node's own";
}
