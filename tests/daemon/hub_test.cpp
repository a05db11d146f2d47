// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "hal/base/error.h"
#include "hal/base/log.h"
#include "tests/fakes/fake_link.h"
#include "tests/fakes/run_until.h"
#include "tests/fakes/temp_directory.h"

using namespace deskd;
using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

namespace {

constexpr MqttOwner script = 11;
constexpr MqttOwner other = 12;
constexpr Milliseconds deviceGap(40);

HubEntity entity(const std::string& property, const std::string& component,
                 const std::string& config = "{}") {
  HubEntity e;
  e.property = property;
  e.component = component;
  e.config = config;
  return e;
}

MqttMessage incoming(const std::string& topic, const std::string& payload, bool retained = false) {
  MqttMessage message;
  message.topic = topic;
  message.payload = payload;
  message.retained = retained;
  return message;
}

std::string codeOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const CodedError& error) {
    return error.code();
  }
  return "";
}

// One run of deskd with its link, router and hub. Several can follow each other over one state directory and
// one broker's store.
struct HubRun {
  HubRun(Loop& on, const std::string& stateDirectory, Discovery discovery, const std::string& node = "pi-1")
      : loop(on) {
    HubOptions options;
    options.node = node;
    options.discovery = discovery;
    options.version = "0.1.0";
    options.stateDirectory = stateDirectory;
    options.random = [] { return 0.0; };
    options.entityDelay = Milliseconds(1);
    options.deviceDelay = Milliseconds(2);
    options.deviceGap = deviceGap;
    link.online = false;
    hub.emplace(on, link, router, options,
                [this](MqttOwner owner, const std::string& property, const std::string& payload) {
                  commands.push_back(std::to_string(owner) + " " + property + " " + payload);
                });
  }

  void connect() {
    link.online = true;
    hub->connected();
    router.connected();
    settle();
  }
  // Lets everything that is delayed be sent and answered.
  void settle() {
    runFor(loop, Milliseconds(8));
    link.answerAll();
    runFor(loop, Milliseconds(8));
    link.answerAll();
  }
  void drop() {
    link.drop();
    link.sent.clear();
  }
  // The standing desk of the accepted examples.
  void declareDesk(MqttOwner owner = script) {
    HubDevice about;
    about.title = "Standing desk";
    about.manufacturer = "deskd";
    about.model = "Jiecang JCB36N2";
    about.serialNumber = "100000001";
    about.softwareVersion = "0.1.0";
    about.suggestedArea = "Office";
    hub->declareDevice(owner, "desk", about);
    hub->declareEntity(owner, entity("cover", "cover", R"({"icon":"mdi:desk"})"));
    hub->declareEntity(owner,
                       entity("height", "sensor", R"({"device_class":"distance","unit_of_measurement":"cm",
        "state_class":"measurement","suggested_display_precision":1})"));
    hub->declareEntity(owner,
                       entity("target", "number", R"({"name":"Target height","min":62,"max":127.5,"step":0.1,
        "mode":"box","device_class":"distance","unit_of_measurement":"cm"})"));
    hub->declareEntity(owner, entity("preset", "select", R"({"options":["manual","sit","stand"]})"));
    hub->declareEntity(owner, entity("stop", "button", R"({"payload_press":"PRESS"})"));
    hub->declareEntity(owner, entity("moving", "binary_sensor", R"({"device_class":"moving"})"));
    hub->declareEntity(owner, entity("fault", "binary_sensor",
                                     R"({"device_class":"problem","entity_category":"diagnostic"})"));
    hub->declareEntity(owner,
                       entity("lock", "switch", R"({"name":"Child lock","entity_category":"config"})"));
    hub->declareEntity(
        owner, entity("keypad", "event", R"({"device_class":"button","event_types":["up","down","m1"]})"));
  }
  std::vector<std::string> topics() const {
    std::vector<std::string> all;
    for (const MqttMessage& message : link.sent)
      all.push_back(message.topic);
    return all;
  }
  json lastError(const std::string& topic) const {
    for (auto it = link.sent.rbegin(); it != link.sent.rend(); ++it) {
      if (it->topic == topic && !it->retained) return json::parse(it->payload);
    }
    return nullptr;
  }

  Loop& loop;
  FakeLink link;
  RetainedCache cache{link};
  std::uint64_t nowMs = 0;
  MqttRouter router{link, cache, {}, [this] { return nowMs; }};
  std::vector<std::string> commands;
  std::optional<Hub> hub;
};

class HubTest : public testing::Test {
 protected:
  HubTest() {
    setLogSink([this](const LogRecord& record) { log_.push_back(record.text); });
  }
  ~HubTest() override {
    setLogSink([](const LogRecord&) {});
  }

  // What a broker has stored after the runs, given what it had before.
  void store(const HubRun& run) {
    for (const MqttMessage& message : run.link.sent) {
      if (!message.retained) continue;
      if (message.payload.empty()) {
        broker_.erase(message.topic);
      } else {
        broker_[message.topic] = message.payload;
      }
    }
  }

  Loop loop_;
  TempDirectory directory_;
  std::vector<std::string> log_;
  std::map<std::string, std::string> broker_;
};

json accepted() {
  std::ifstream file(std::string(DESKD_SOURCE_DIR) + "/tests/vectors/hub/accepted.json");
  return json::parse(file).at("configs");
}

// Ours and theirs differ in two places that do not matter to whether a hub accepts them.
json comparable(json config) {
  config.at("dev").erase("via_device");
  config.at("o").erase("url");
  return config;
}

}  // namespace

// Discovery
// -------------------------------------------------------------------------------------------------------

TEST_F(HubTest, AnnouncesEntitiesAsHomeAssistantAcceptsThem) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.settle();
  const auto stored = run.link.stored();
  unsigned compared = 0;
  const json examples = accepted();
  for (const auto& [topic, config] : examples.items()) {
    if (topic.starts_with("homeassistant/device/")) continue;
    ASSERT_THAT(stored, Contains(Key(topic)));
    const json ours = json::parse(stored.at(topic));
    EXPECT_EQ(comparable(ours), comparable(config)) << topic;
    EXPECT_EQ(ours["dev"]["via_device"], "deskd_pi-1");
    ++compared;
  }
  EXPECT_EQ(compared, 9u);
  EXPECT_THAT(stored, Not(Contains(Key(HasSubstr("/device/")))));
}

TEST_F(HubTest, AnnouncesADeviceAsHomeAssistantAcceptsIt) {
  HubRun run(loop_, "", Discovery::device);
  run.connect();
  run.declareDesk();
  run.settle();
  const auto stored = run.link.stored();
  const std::string topic = "homeassistant/device/pi-1/desk/config";
  ASSERT_THAT(stored, Contains(Key(topic)));
  EXPECT_EQ(comparable(json::parse(stored.at(topic))), comparable(accepted().at(topic)));
  EXPECT_THAT(stored, Not(Contains(Key(HasSubstr("desk_cover")))));
  EXPECT_THAT(run.topics(), Contains(topic).Times(1));
}

TEST_F(HubTest, AnnouncesNothingWhenDiscoveryIsOffAndPublishesStates) {
  HubRun run(loop_, "", Discovery::off);
  run.connect();
  run.declareDesk();
  run.hub->setState(script, "height", "86.4");
  run.settle();
  const auto stored = run.link.stored();
  EXPECT_THAT(stored, Not(Contains(Key(HasSubstr("homeassistant")))));
  EXPECT_EQ(stored.at("deskd/pi-1/desk/height/state"), "86.4");
  EXPECT_EQ(run.link.filters.count("homeassistant/status"), 0u);
}

TEST_F(HubTest, TheNodeIsADeviceOfItsOwn) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  const json node = json::parse(run.link.stored().at("homeassistant/binary_sensor/pi-1/status/config"));
  EXPECT_EQ(node["dev"]["ids"], json::array({"deskd_pi-1"}));
  EXPECT_EQ(node["stat_t"], "deskd/pi-1/status");
  EXPECT_EQ(node["pl_on"], "online");
}

TEST_F(HubTest, ADeviceConfigurationIsNotRepeatedInAMoment) {
  HubRun run(loop_, "", Discovery::device);
  const std::string topic = "homeassistant/device/pi-1/desk/config";
  // When it is sent, by the loop's clock, however long this machine takes in between.
  const auto sentAt = [&] {
    EXPECT_TRUE(runUntil(loop_, [&] { return run.link.stored().contains(topic); }));
    return loop_.nowMs();
  };
  run.connect();
  run.declareDesk();
  const auto first = sentAt();
  run.link.answerAll();
  run.link.sent.clear();
  run.hub->declareEntity(script, entity("extra", "button"));
  EXPECT_GE(sentAt() - first, static_cast<std::uint64_t>(deviceGap.count()));
  EXPECT_TRUE(json::parse(run.link.stored().at(topic))["cmps"].contains("extra"));
}

TEST_F(HubTest, ADeclarationThatChangesNothingIsNotPublishedAgain) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.settle();
  run.link.sent.clear();
  run.declareDesk();
  run.settle();
  EXPECT_THAT(run.link.sent, IsEmpty());
}

// States
// ----------------------------------------------------------------------------------------------------------

TEST_F(HubTest, PublishesStatesRetained) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.hub->setState(script, "position", "37");
  run.hub->setState(script, "cover", "\"open\"");
  run.hub->setState(script, "moving", "false");
  run.hub->setAttributes(script, R"({"height_mm":864})");
  run.hub->setAvailable(script, true);
  run.settle();
  const auto stored = run.link.stored();
  EXPECT_EQ(stored.at("deskd/pi-1/desk/position/state"), "37");
  EXPECT_EQ(stored.at("deskd/pi-1/desk/cover/state"), "open");
  EXPECT_EQ(stored.at("deskd/pi-1/desk/moving/state"), "OFF");
  EXPECT_EQ(json::parse(stored.at("deskd/pi-1/desk/attributes/state")),
            json({{"height_mm", 864}, {"retained_commands_ignored", 0}}));
  EXPECT_EQ(stored.at("deskd/pi-1/desk/status"), "online");
  EXPECT_EQ(stored.at("deskd/pi-1/status"), "online");
  for (const MqttMessage& message : run.link.sent)
    EXPECT_EQ(message.qos, 1) << message.topic;
}

TEST_F(HubTest, ACoverAtRestIsOpenOrClosed) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  const std::string topic = "deskd/pi-1/desk/cover/state";
  run.hub->setState(script, "cover", "\"stopped\"");
  EXPECT_EQ(run.link.stored().at(topic), "stopped") << "nothing better is known";
  run.hub->setState(script, "position", "0");
  run.hub->setState(script, "cover", "\"stopped\"");
  EXPECT_EQ(run.link.stored().at(topic), "closed");
  run.hub->setState(script, "position", "1");
  run.hub->setState(script, "cover", "\"stopped\"");
  EXPECT_EQ(run.link.stored().at(topic), "open");
}

TEST_F(HubTest, EventsAreNotRetainedAndNotKept) {
  HubRun run(loop_, "", Discovery::entity);
  run.declareDesk();
  EXPECT_EQ(codeOf([&] { run.hub->fireEvent(script, "keypad", R"({"event_type":"up"})"); }), "ERR_OFFLINE");
  run.connect();
  run.hub->fireEvent(script, "keypad", R"({"event_type":"up"})");
  EXPECT_EQ(run.link.sent.back().topic, "deskd/pi-1/desk/keypad/event");
  EXPECT_FALSE(run.link.sent.back().retained);
}

TEST_F(HubTest, RefusesWhatWasNotDeclared) {
  HubRun run(loop_, "", Discovery::entity);
  EXPECT_THROW(run.hub->setState(script, "height", "1"), std::invalid_argument);
  EXPECT_THROW(run.hub->declareEntity(script, entity("a", "button")), std::invalid_argument);
  EXPECT_THROW(run.hub->declareDevice(script, "My Desk", {}), std::invalid_argument);
  run.declareDesk();
  EXPECT_THROW(run.hub->setState(script, "width", "1"), std::invalid_argument);
  EXPECT_THROW(run.hub->removeEntity(script, "width"), std::invalid_argument);
  EXPECT_THROW(run.hub->setAttributes(script, "[]"), std::invalid_argument);
  EXPECT_THROW(run.hub->setAttributes(script, "{\"a\":\"" + std::string(20000, 'x') + "\"}"),
               std::invalid_argument);
  EXPECT_THROW(run.hub->reportError(script, "cover", "not json"), std::invalid_argument);
  EXPECT_THROW(run.hub->declareEntity(script, entity("position", "sensor")), std::invalid_argument)
      << "it is the cover's";
  EXPECT_EQ(codeOf([&] { run.hub->declareDevice(script, "second", {}); }), "ERR_IN_USE");
  EXPECT_EQ(codeOf([&] { run.hub->declareDevice(other, "desk", {}); }), "ERR_IN_USE");
}

TEST_F(HubTest, BoundsTheEntitiesOfADevice) {
  HubRun run(loop_, "", Discovery::entity);
  run.hub->declareDevice(script, "desk", {});
  for (std::size_t i = 0; i < Hub::maxEntities; ++i) {
    run.hub->declareEntity(script, entity("b" + std::to_string(i), "button"));
  }
  EXPECT_THROW(run.hub->declareEntity(script, entity("more", "button")), std::invalid_argument);
  run.hub->declareEntity(script, entity("b0", "button"));
}

// Connections
// -----------------------------------------------------------------------------------------------------

TEST_F(HubTest, TellsEverythingOnEachConnectionInOrder) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.hub->setState(script, "cover", "\"closed\"");  // before its position
  run.hub->setState(script, "position", "0");
  run.hub->setState(script, "height", "62");
  run.hub->setAvailable(script, true);
  run.settle();
  run.drop();
  run.hub->setState(script, "height", "63");
  run.connect();
  const std::vector<std::string> topics = run.topics();
  const auto at = [&](const std::string& topic) {
    return std::find(topics.begin(), topics.end(), topic) - topics.begin();
  };
  EXPECT_LT(at("homeassistant/cover/pi-1/desk_cover/config"), at("deskd/pi-1/desk/status"));
  EXPECT_LT(at("deskd/pi-1/desk/status"), at("deskd/pi-1/status"));
  EXPECT_LT(at("deskd/pi-1/status"), at("deskd/pi-1/desk/position/state"));
  EXPECT_LT(at("deskd/pi-1/desk/position/state"), at("deskd/pi-1/desk/cover/state"));
  EXPECT_LT(at("deskd/pi-1/desk/cover/state"), static_cast<std::ptrdiff_t>(topics.size()));
  EXPECT_THAT(topics, SizeIs(16)) << "each once";
  EXPECT_EQ(run.link.stored().at("deskd/pi-1/desk/height/state"), "63.0");
}

TEST_F(HubTest, TellsEverythingAgainWhenTheHubStarts) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.hub->setState(script, "height", "62");
  run.settle();
  run.link.sent.clear();
  run.router.received(incoming("homeassistant/status", "offline"));
  run.router.received(incoming("homeassistant/status", "online", true));
  run.settle();
  EXPECT_THAT(run.link.sent, IsEmpty()) << "neither going nor a stored coming is a coming";
  run.router.received(incoming("homeassistant/status", "online"));
  run.settle();
  EXPECT_THAT(run.topics(),
              AllOf(Contains("homeassistant/sensor/pi-1/desk_height/config"),
                    Contains("deskd/pi-1/desk/height/state"), Contains("deskd/pi-1/desk/status")));
}

TEST_F(HubTest, SaysGoodbyeInOrder) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.hub->setAvailable(script, true);
  run.settle();
  run.hub->stop();
  run.link.answerAll();
  EXPECT_EQ(run.link.stored().at("deskd/pi-1/status"), "offline");
  EXPECT_EQ(run.link.stored().at("deskd/pi-1/desk/status"), "offline");
}

TEST_F(HubTest, TheWillIsTheNodesStatus) {
  const MqttMessage will = Hub::will("home/deskd", "pi-1");
  EXPECT_EQ(will.topic, "home/deskd/pi-1/status");
  EXPECT_EQ(will.payload, "offline");
  EXPECT_TRUE(will.retained);
}

// Commands
// --------------------------------------------------------------------------------------------------------

TEST_F(HubTest, HandsCommandsToTheOwner) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.router.received(incoming("deskd/pi-1/desk/cover/set", "open"));
  run.router.received(incoming("deskd/pi-1/desk/position/set", "50"));
  run.router.received(incoming("deskd/pi-1/desk/target/set", "86.3"));
  run.router.received(incoming("deskd/pi-1/desk/stop/set", "PRESS"));
  EXPECT_THAT(run.commands,
              ElementsAre("11 cover OPEN", "11 position 50", "11 target 86.3", "11 stop PRESS"));
}

TEST_F(HubTest, AnswersWhatItCannotHandOn) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.router.received(incoming("deskd/pi-1/desk/width/set", "1"));
  EXPECT_THAT(run.lastError("deskd/pi-1/desk/width/error")["message"],
              HasSubstr("it takes them for: cover, position, target, preset, stop, lock"));
  run.router.received(incoming("deskd/pi-1/desk/height/set", "1"));
  EXPECT_EQ(run.lastError("deskd/pi-1/desk/height/error")["code"], "ERR_UNKNOWN_PROPERTY");
  run.router.received(incoming("deskd/pi-1/desk/cover/set", "UP"));
  EXPECT_EQ(run.lastError("deskd/pi-1/desk/cover/error"),
            json({{"code", "ERR_INVALID_COMMAND"},
                  {"message", "expected OPEN, CLOSE or STOP, found \"UP\""},
                  {"payload", "UP"}}));
  run.router.received(incoming("deskd/pi-1/desk/target/set", std::string(5000, '1')));
  EXPECT_THAT(run.lastError("deskd/pi-1/desk/target/error")["message"], HasSubstr("at most 4096 bytes"));
  run.router.received(incoming("deskd/pi-1/lamp/on/set", "ON"));
  EXPECT_EQ(run.lastError("deskd/pi-1/lamp/on/error")["code"], "ERR_OFFLINE");
  EXPECT_THAT(run.commands, IsEmpty());
}

TEST_F(HubTest, IgnoresCountsAndClearsRetainedCommands) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.settle();
  run.link.sent.clear();
  const std::string topic = "deskd/pi-1/desk/cover/set";
  run.router.received(incoming(topic, "OPEN", true));
  run.nowMs += 1000;
  run.router.received(incoming(topic, "OPEN", true));
  run.settle();
  EXPECT_THAT(run.commands, IsEmpty());
  EXPECT_EQ(run.hub->retainedCommandsIgnored(), 2u);
  EXPECT_THAT(run.link.lines(), Contains(topic + "="));
  EXPECT_EQ(
      json::parse(run.link.stored().at("deskd/pi-1/desk/attributes/state"))["retained_commands_ignored"], 2);
  EXPECT_EQ(run.lastError("deskd/pi-1/desk/cover/error")["code"], "ERR_RETAINED_COMMAND");
  EXPECT_THAT(log_, ElementsAre(HasSubstr("ignoring a retained command on " + topic)))
      << "once for each topic";
  run.router.received(incoming(topic, ""));  // our own clearing comes back
  EXPECT_THAT(run.commands, IsEmpty());
  EXPECT_EQ(run.hub->retainedCommandsIgnored(), 2u);
}

TEST_F(HubTest, CountsRetainedCommandsForADeviceThatIsYetToCome) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.router.received(incoming("deskd/pi-1/desk/cover/set", "OPEN", true));
  run.declareDesk();
  run.settle();
  EXPECT_EQ(run.link.stored().at("deskd/pi-1/desk/attributes/state"), R"({"retained_commands_ignored":1})");
  EXPECT_THAT(run.commands, IsEmpty());
}

TEST_F(HubTest, UnderMqtt5StoredCommandsComeToALookingSubscriptionOnly) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  const MqttSubscription acting = run.link.filters.at("deskd/pi-1/+/+/set");
  const MqttSubscription looking = run.link.filters.at("deskd/pi-1/+/+/set/#");
  EXPECT_FALSE(acting.wantRetained);
  EXPECT_TRUE(acting.retainAsPublished);
  EXPECT_TRUE(looking.wantRetained);
  MqttMessage message = incoming("deskd/pi-1/desk/cover/set", "OPEN");
  message.subscriptionIds = {looking.id};
  run.router.received(message);
  EXPECT_THAT(run.commands, IsEmpty()) << "the looking one never acts";
  message.retained = true;
  run.router.received(message);
  EXPECT_EQ(run.hub->retainedCommandsIgnored(), 1u);
  message.retained = false;
  message.subscriptionIds = {acting.id};
  run.router.received(message);
  EXPECT_THAT(run.commands, SizeIs(1));
}

TEST_F(HubTest, Under311OneSubscriptionSeesBoth) {
  HubRun run(loop_, "", Discovery::entity);
  run.link.version = 3;
  run.connect();
  EXPECT_EQ(run.link.filters.count("deskd/pi-1/+/+/set/#"), 0u);
  run.drop();
  run.link.version = 5;
  run.connect();
  EXPECT_EQ(run.link.filters.count("deskd/pi-1/+/+/set/#"), 1u);
  run.drop();
  run.link.version = 3;
  run.connect();
  EXPECT_EQ(run.link.filters.count("deskd/pi-1/+/+/set/#"), 0u);
}

TEST_F(HubTest, ACommandMayEndTheOwner) {
  Loop loop;
  FakeLink link;
  RetainedCache cache(link);
  MqttRouter router(link, cache, {}, [] { return std::uint64_t(0); });
  HubOptions options;
  options.node = "pi-1";
  std::optional<Hub> hub;
  hub.emplace(loop, link, router, options, [&](MqttOwner owner, const std::string&, const std::string&) {
    hub->dropOwner(owner);
    hub->clearDevice("desk");
  });
  hub->declareDevice(script, "desk", {});
  hub->declareEntity(script, entity("stop", "button"));
  router.received(incoming("deskd/pi-1/desk/stop/set", "PRESS"));
  router.received(incoming("deskd/pi-1/desk/stop/set", "PRESS"));
  EXPECT_EQ(link.sent.back().topic, "deskd/pi-1/desk/stop/error");
}

// Ends
// ------------------------------------------------------------------------------------------------------------

TEST_F(HubTest, AStoppedScriptsDeviceIsOfflineAndItsNextOneTakesItUp) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.hub->setAvailable(script, true);
  run.hub->setState(script, "height", "62");
  run.settle();
  run.hub->clearDevice("desk");
  EXPECT_EQ(run.link.stored().at("deskd/pi-1/desk/status"), "online") << "its script lives";
  run.hub->dropOwner(script);
  EXPECT_EQ(run.link.stored().at("deskd/pi-1/desk/status"), "offline");
  EXPECT_EQ(run.link.stored().count("homeassistant/sensor/pi-1/desk_height/config"), 1u);
  run.router.received(incoming("deskd/pi-1/desk/stop/set", "PRESS"));
  EXPECT_EQ(run.lastError("deskd/pi-1/desk/stop/error")["code"], "ERR_OFFLINE");

  run.hub->declareDevice(other, "desk", {});
  run.hub->declareEntity(other, entity("height", "sensor"));
  run.hub->declared(other);
  run.settle();
  const auto stored = run.link.stored();
  EXPECT_EQ(stored.count("homeassistant/sensor/pi-1/desk_height/config"), 1u);
  EXPECT_EQ(stored.at("deskd/pi-1/desk/height/state"), "62.0") << "the last known";
  EXPECT_EQ(stored.count("homeassistant/cover/pi-1/desk_cover/config"), 0u) << "not declared again";
}

TEST_F(HubTest, ADeletedScriptLeavesNothing) {
  for (const Discovery discovery : {Discovery::entity, Discovery::device, Discovery::off}) {
    HubRun run(loop_, "", discovery);
    run.connect();
    run.declareDesk();
    run.hub->setState(script, "height", "62");
    run.hub->setState(script, "position", "10");
    run.hub->setAvailable(script, true);
    run.settle();
    run.hub->dropOwner(script);
    run.hub->clearDevice("desk");
    run.settle();
    for (const auto& [topic, payload] : run.link.stored()) {
      EXPECT_THAT(topic, Not(HasSubstr("desk/"))) << payload;
      EXPECT_THAT(topic, Not(HasSubstr("desk_"))) << payload;
    }
  }
}

TEST_F(HubTest, ARemovedEntityLeavesNothing) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.declareDesk();
  run.hub->setState(script, "cover", "\"open\"");
  run.hub->setState(script, "position", "10");
  run.settle();
  run.hub->removeEntity(script, "cover");
  run.settle();
  const auto stored = run.link.stored();
  EXPECT_EQ(stored.count("homeassistant/cover/pi-1/desk_cover/config"), 0u);
  EXPECT_EQ(stored.count("deskd/pi-1/desk/cover/state"), 0u);
  EXPECT_EQ(stored.count("deskd/pi-1/desk/position/state"), 0u);
}

TEST_F(HubTest, ADeviceConfigurationTakesARemovedEntityBack) {
  HubRun run(loop_, "", Discovery::device);
  run.connect();
  run.declareDesk();
  run.settle();
  run.hub->removeEntity(script, "height");
  ASSERT_TRUE(runUntil(loop_, [&] {
    const json config = json::parse(run.link.stored().at("homeassistant/device/pi-1/desk/config"));
    return config["cmps"]["height"] == json({{"p", "sensor"}});
  }));
}

TEST_F(HubTest, AnEntityMayBecomeAnother) {
  HubRun run(loop_, "", Discovery::entity);
  run.connect();
  run.hub->declareDevice(script, "desk", {});
  run.hub->declareEntity(script, entity("level", "sensor"));
  run.settle();
  run.hub->declareEntity(script, entity("level", "number"));
  run.settle();
  const auto stored = run.link.stored();
  EXPECT_EQ(stored.count("homeassistant/sensor/pi-1/desk_level/config"), 0u);
  EXPECT_EQ(stored.count("homeassistant/number/pi-1/desk_level/config"), 1u);
}

// Over restarts
// ---------------------------------------------------------------------------------------------------

TEST_F(HubTest, ClearsWhatAnEarlierRunAnnounced) {
  {
    HubRun run(loop_, directory_.path(), Discovery::entity);
    run.connect();
    run.declareDesk();
    run.hub->setState(script, "height", "62");
    run.hub->setState(script, "cover", "\"open\"");
    run.hub->declareDevice(other, "lamp", {});
    run.hub->declareEntity(other, entity("on", "switch"));
    run.settle();
    run.hub->stop();
    run.settle();
    store(run);
  }
  EXPECT_EQ(broker_.count("homeassistant/switch/pi-1/lamp_on/config"), 1u);
  {
    HubRun run(loop_, directory_.path(), Discovery::entity);
    run.connect();
    run.hub->declareDevice(script, "desk", {});
    run.hub->declareEntity(script, entity("height", "sensor"));
    run.hub->setState(script, "height", "\"high\"");
    run.hub->declared(script);
    run.settle();
    store(run);
    EXPECT_EQ(broker_.count("homeassistant/cover/pi-1/desk_cover/config"), 0u);
    EXPECT_EQ(broker_.count("deskd/pi-1/desk/cover/state"), 0u);
    EXPECT_EQ(broker_.count("homeassistant/sensor/pi-1/desk_height/config"), 1u);
    EXPECT_EQ(broker_.at("deskd/pi-1/desk/height/state"), "high");
    EXPECT_EQ(broker_.count("homeassistant/switch/pi-1/lamp_on/config"), 1u) << "its script may still come";
    run.hub->clearStale({"lamp"});
    run.settle();
    store(run);
    EXPECT_EQ(broker_.count("homeassistant/switch/pi-1/lamp_on/config"), 1u) << "its script has not gone";
    run.hub->clearStale({"desk"});
    run.settle();
    store(run);
    EXPECT_EQ(broker_.count("homeassistant/switch/pi-1/lamp_on/config"), 0u);
    EXPECT_EQ(broker_.count("deskd/pi-1/lamp/status"), 0u);
    EXPECT_EQ(broker_.count("homeassistant/binary_sensor/pi-1/status/config"), 1u);
  }
}

TEST_F(HubTest, ADeletedScriptThatHasNotStartedInThisRunLeavesNothing) {
  {
    HubRun run(loop_, directory_.path(), Discovery::entity);
    run.connect();
    run.declareDesk();
    run.hub->setState(script, "height", "62");
    run.settle();
    store(run);
  }
  HubRun run(loop_, directory_.path(), Discovery::entity);
  run.connect();
  run.hub->clearDevice("desk");
  run.settle();
  store(run);
  EXPECT_THAT(broker_, Not(Contains(Key(HasSubstr("desk/")))));
  EXPECT_THAT(broker_, Not(Contains(Key(HasSubstr("desk_")))));
}

TEST_F(HubTest, WhatAKilledRunLeftOnlineIsOfflineBeforeTheNodeIsOnline) {
  {
    HubRun run(loop_, directory_.path(), Discovery::entity);
    run.connect();
    run.declareDesk();
    run.hub->setAvailable(script, true);
    run.settle();
    store(run);
  }
  ASSERT_EQ(broker_.at("deskd/pi-1/desk/status"), "online");
  HubRun run(loop_, directory_.path(), Discovery::entity);
  run.connect();
  store(run);
  EXPECT_EQ(broker_.at("deskd/pi-1/desk/status"), "offline");
  EXPECT_EQ(broker_.at("deskd/pi-1/status"), "online");
  const std::vector<std::string> lines = run.link.lines();
  EXPECT_LT(std::find(lines.begin(), lines.end(), "deskd/pi-1/desk/status=offline"),
            std::find(lines.begin(), lines.end(), "deskd/pi-1/status=online"));
  run.hub->clearStale({});
  run.settle();
  store(run);
  EXPECT_EQ(broker_.count("deskd/pi-1/desk/status"), 0u) << "and can still be cleared";
}

TEST_F(HubTest, ClearsAtTheNextConnectionWhatItCouldNotClearBefore) {
  {
    HubRun run(loop_, directory_.path(), Discovery::entity);
    run.connect();
    run.declareDesk();
    run.settle();
    store(run);
  }
  {
    HubRun run(loop_, directory_.path(), Discovery::entity);  // never connects
    run.hub->clearStale({});
    run.settle();
  }
  HubRun run(loop_, directory_.path(), Discovery::entity);
  run.hub->clearStale({});
  run.settle();
  run.connect();
  store(run);
  EXPECT_EQ(broker_.count("homeassistant/cover/pi-1/desk_cover/config"), 0u);
}

TEST_F(HubTest, AnotherFormOfDiscoveryTakesTheFormerBack) {
  {
    HubRun run(loop_, directory_.path(), Discovery::entity);
    run.connect();
    run.declareDesk();
    run.settle();
    store(run);
  }
  {
    HubRun run(loop_, directory_.path(), Discovery::device);
    run.connect();
    run.declareDesk();
    run.settle();
    store(run);
    EXPECT_EQ(broker_.count("homeassistant/cover/pi-1/desk_cover/config"), 0u);
    EXPECT_EQ(broker_.count("homeassistant/device/pi-1/desk/config"), 1u);
  }
  {
    HubRun run(loop_, directory_.path(), Discovery::device);
    run.connect();
    run.hub->declareDevice(script, "desk", {});
    run.hub->declareEntity(script, entity("height", "sensor"));
    run.hub->declared(script);
    ASSERT_TRUE(runUntil(loop_, [&] {
      run.link.answerAll();
      store(run);
      return json::parse(broker_.at("homeassistant/device/pi-1/desk/config"))["cmps"]["cover"] ==
             json({{"p", "cover"}});
    })) << "an omitted component would stay";
  }
  HubRun run(loop_, directory_.path(), Discovery::off);
  run.connect();
  store(run);
  EXPECT_THAT(broker_, Not(Contains(Key(HasSubstr("homeassistant/")))));
}

TEST_F(HubTest, AnotherNodeTakesTheFormersTopicsBack) {
  {
    HubRun run(loop_, directory_.path(), Discovery::entity, "old");
    run.connect();
    run.declareDesk();
    run.settle();
    store(run);
  }
  HubRun run(loop_, directory_.path(), Discovery::entity, "new");
  run.connect();
  run.declareDesk();
  run.settle();
  store(run);
  EXPECT_THAT(broker_, Not(Contains(Key(HasSubstr("/old/")))));
  EXPECT_THAT(broker_, Contains(Pair("deskd/new/status", "online")));
}

TEST_F(HubTest, ADamagedMemoryIsSetAside) {
  directory_.write("published.json", "{\"topics\": [");
  {
    HubRun run(loop_, directory_.path(), Discovery::entity);
    run.connect();
    run.declareDesk();
    run.settle();
  }
  EXPECT_EQ(directory_.read("published.json.damaged"), "{\"topics\": [");
  EXPECT_TRUE(json::parse(directory_.read("published.json"))["topics"].contains(
      "homeassistant/cover/pi-1/desk_cover/config"));
  EXPECT_THAT(log_, Contains(HasSubstr("is damaged; it is set aside")));
}

TEST_F(HubTest, WorksWithoutAPlaceToRemember) {
  HubRun run(loop_, directory_.path("missing"), Discovery::entity);
  run.connect();
  run.declareDesk();
  run.settle();
  EXPECT_EQ(run.link.stored().count("homeassistant/cover/pi-1/desk_cover/config"), 1u);
  EXPECT_THAT(log_, ElementsAre(HasSubstr("published.json cannot be written")));
}
