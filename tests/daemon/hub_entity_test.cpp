// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <stdexcept>

#include "daemon/deskd/hub.h"
#include "daemon/deskd/hub_checked.h"

using namespace deskd;
using testing::AllOf;
using testing::HasSubstr;

namespace {

HubEntity entity(const std::string& component, const std::string& config = "{}",
                 const std::string& property = "x") {
  HubEntity e;
  e.property = property;
  e.component = component;
  e.config = config;
  return e;
}

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

std::string declared(const HubEntity& e) {
  return refusal([&] { checkEntity(e); });
}

std::string state(const HubEntity& e, const std::string& value, const std::string& property = "x") {
  return statePayload(checkEntity(e), property, value);
}

std::string stateRefusal(const HubEntity& e, const std::string& value) {
  return refusal([&] { state(e, value); });
}

std::string command(const HubEntity& e, const std::string& payload, const std::string& property = "x") {
  return commandPayload(checkEntity(e), property, payload);
}

std::string commandRefusal(const HubEntity& e, const std::string& payload,
                           const std::string& property = "x") {
  return refusal([&] { command(e, payload, property); });
}

const HubEntity number = entity("number", R"({"min":62,"max":127.5})");
const HubEntity height = entity("sensor", R"({"device_class":"distance","unit_of_measurement":"cm"})");
const HubEntity preset = entity("select", R"({"options":["sit","stand"]})");

}  // namespace

// What Home Assistant rejects, drops without a word, or accepts and then chokes on.

TEST(HubEntityCheck, RefusesWhatHomeAssistantRejects) {
  EXPECT_THAT(declared(entity("cover", R"({"device_class":"desk"})")),
              AllOf(HasSubstr("x.device_class: expected one of \"awning\""), HasSubstr("found \"desk\"")));
  EXPECT_THAT(declared(entity("cover", R"({"position_open":"100"})")),
              HasSubstr("x.position_open: expected a whole number, found \"100\""));
  EXPECT_THAT(declared(entity("number", R"({"min":100,"max":60})")),
              HasSubstr("x.max: expected more than min, which is 100.0, found 60.0"));
  EXPECT_THAT(declared(entity("number", R"({"step":0})")),
              HasSubstr("x.step: expected a number of at least 0.001, found 0"));
  EXPECT_THAT(declared(entity("select")), HasSubstr("x.options: expected a list of texts, found none"));
  EXPECT_THAT(declared(entity("event")), HasSubstr("x.event_types: expected"));
  EXPECT_THAT(declared(entity("sensor", R"({"entity_category":"system"})")), HasSubstr("found \"system\""));
  EXPECT_THAT(declared(entity("sensor", R"({"options":["a"]})")),
              HasSubstr("expected device_class \"enum\""));
  EXPECT_THAT(declared(entity("sensor", R"({"device_class":"enum","options":[]})")),
              HasSubstr("at least one"));
  EXPECT_THAT(declared(entity("desk")), HasSubstr("for its component, found \"desk\""));
  EXPECT_THAT(declared(entity("button", R"({"icon":"desk"})")), HasSubstr("an icon such as \"mdi:desk\""));
}

TEST(HubEntityCheck, RefusesWhatHomeAssistantDropsSilently) {
  EXPECT_THAT(declared(entity("sensor", R"({"dev_cls":"distance"})")),
              HasSubstr("x.dev_cls: is no key of a sensor"));
  EXPECT_THAT(declared(entity("sensor", R"({"device_clas":"distance"})")),
              HasSubstr("did you mean device_class?"));
  EXPECT_THAT(declared(entity("binary_sensor", R"({"state_class":"measurement"})")),
              HasSubstr("is no key of a binary_sensor"));
}

TEST(HubEntityCheck, RefusesUnitsThatNewerVersionsReject) {
  EXPECT_THAT(
      declared(entity("sensor", R"({"device_class":"distance","unit_of_measurement":"centimeter"})")),
      AllOf(HasSubstr("x.unit_of_measurement: expected one of \"cm\""), HasSubstr("found \"centimeter\"")));
  EXPECT_THAT(declared(entity("number", R"({"device_class":"distance"})")),
              HasSubstr("for a distance, found none"));
  EXPECT_EQ(declared(entity("sensor", R"({"unit_of_measurement":"beats"})")), "");
}

TEST(HubEntityCheck, RefusesOptionsThatMeanUnknown) {
  for (const char* options : {R"(["sit","none"])", R"(["None"])", R"(["NONE","a"])"}) {
    EXPECT_THAT(declared(entity("select", std::string(R"({"options":)") + options + "}")),
                HasSubstr("reads as \"unknown\""));
  }
  EXPECT_THAT(declared(entity("select", R"({"options":["a","a"]})")), HasSubstr("a list of different texts"));
}

TEST(HubEntityCheck, KeepsTopicsIdentityAndWordsToItself) {
  for (const char* key : {"command_topic", "cmd_t", "state_topic", "stat_t", "json_attributes_topic"}) {
    EXPECT_THAT(declared(entity("switch", std::string("{\"") + key + "\":\"a\"}")),
                HasSubstr("topics are deskd's"))
        << key;
  }
  EXPECT_THAT(declared(entity("sensor", R"({"value_template":"{{ value }}"})")),
              HasSubstr("without templates"));
  EXPECT_THAT(declared(entity("sensor", R"({"unique_id":"a"})")), HasSubstr("deskd sets it"));
  EXPECT_THAT(declared(entity("switch", R"({"payload_on":"1"})")), HasSubstr("deskd fixes these words"));
  EXPECT_THAT(declared(entity("cover", R"({"payload_stop":null})")), HasSubstr("deskd fixes these words"));
}

TEST(HubEntityCheck, NeverHasCommandsRetained) {
  EXPECT_THAT(declared(entity("switch", R"({"retain":true})")), HasSubstr("commands are never retained"));
  EXPECT_EQ(declared(entity("switch", R"({"retain":false})")), "");
  EXPECT_THAT(checkEntity(entity("switch", R"({"retain":false})")).config, testing::Not(HasSubstr("ret")));
}

TEST(HubEntityCheck, RefusesNamesThatAreNoIds) {
  for (const char* property : {"", "Height", "a_b", "a.b", "-a", "a/b", "attributes", "status", "script"}) {
    EXPECT_THAT(declared(entity("button", "{}", property)), HasSubstr("property \"")) << property;
  }
}

TEST(HubEntityCheck, RefusesWhatIsNoObject) {
  EXPECT_THAT(declared(entity("button", "[]")), HasSubstr("expected an object"));
  EXPECT_THAT(declared(entity("button", "{stat_t: x}")), HasSubstr("expected JSON"));
  EXPECT_THAT(declared(entity("button", "{\"name\":\"" + std::string(20000, 'x') + "\"}")),
              HasSubstr("at most 16384 bytes"));
}

TEST(HubEntityCheck, TakesLongAndShortKeysButNotBoth) {
  EXPECT_EQ(
      checkEntity(entity("sensor", R"({"dev_cla":"distance","unit_of_meas":"cm"})")).config,
      checkEntity(entity("sensor", R"({"device_class":"distance","unit_of_measurement":"cm"})")).config);
  EXPECT_THAT(declared(entity("button", R"({"ic":"mdi:a","icon":"mdi:b"})")), HasSubstr("given twice"));
}

TEST(HubEntityCheck, NamesEntitiesAfterTheirProperty) {
  EXPECT_THAT(checkEntity(entity("button", "{}", "go-home")).config, HasSubstr(R"("name":"Go home")"));
  EXPECT_THAT(checkEntity(entity("cover", "{}", "cover")).config, HasSubstr(R"("name":null)"));
  EXPECT_EQ(checkEntity(entity("cover", "{}", "cover")).positionProperty, "position");
  EXPECT_EQ(checkEntity(entity("cover", "{}", "left")).positionProperty, "left-position");
}

// States

TEST(HubState, NumbersArePlainDecimals) {
  EXPECT_EQ(state(height, "86.4"), "86.4");
  EXPECT_EQ(state(height, "94.80000000000001"), "94.8");
  EXPECT_EQ(state(height, "1e3"), "1000");
  EXPECT_EQ(state(height, "-0.0"), "0");
  EXPECT_EQ(state(height, "1e-9"), "0");
  EXPECT_EQ(state(height, "null"), "None");
  EXPECT_THAT(stateRefusal(height, "\"86.4 cm\""), HasSubstr("x: expected a number, found \"86.4 cm\""));
  EXPECT_THAT(stateRefusal(height, "true"), HasSubstr("expected a number"));
  EXPECT_THAT(stateRefusal(height, "NaN"), HasSubstr("expected JSON"));
}

TEST(HubState, ASensorShowsTheDecimalsItPromises) {
  const HubEntity precise =
      entity("sensor", R"({"unit_of_measurement":"cm","suggested_display_precision":1})");
  EXPECT_EQ(state(precise, "72"), "72.0");
  EXPECT_EQ(state(precise, "72.25"), "72.2");
  EXPECT_EQ(state(precise, "-0.01"), "0.0");
  EXPECT_EQ(state(entity("sensor", R"({"suggested_display_precision":0})"), "72.6"), "73");
}

TEST(HubState, ANumberStaysInItsRange) {
  EXPECT_EQ(state(number, "127.6"), "127.5");
  EXPECT_EQ(state(number, "61.9"), "62");
  EXPECT_EQ(state(number, "80.5"), "80.5");
  EXPECT_EQ(state(entity("number"), "101"), "100") << "the hub's default range";
}

TEST(HubState, APositionIsAtAnEndOnlyIfItIsThere) {
  const HubEntity cover = entity("cover", "{}", "cover");
  const auto position = [&](const char* value) { return state(cover, value, "position"); };
  EXPECT_EQ(position("0"), "0");
  EXPECT_EQ(position("0.4"), "1");
  EXPECT_EQ(position("37.6"), "38");
  EXPECT_EQ(position("99.6"), "99");
  EXPECT_EQ(position("100"), "100");
  EXPECT_EQ(position("101"), "100");
  EXPECT_EQ(position("-5"), "0");
  EXPECT_EQ(position("null"), "None");
  EXPECT_THAT(refusal([&] { position("\"half\""); }), HasSubstr("position: expected a number"));
  const HubEntity millimetres = entity("cover", R"({"position_closed":620,"position_open":1275})", "cover");
  EXPECT_EQ(state(millimetres, "864", "position"), "864");
  EXPECT_EQ(state(millimetres, "1300", "position"), "1275");
}

TEST(HubState, ACoverHasFiveWords) {
  const HubEntity cover = entity("cover");
  for (const char* word : {"open", "opening", "closed", "closing", "stopped"}) {
    EXPECT_EQ(state(cover, std::string("\"") + word + "\""), word);
  }
  for (const char* word : {"\"OPEN\"", "\"Open\"", "\"idle\"", "\"moving_up\"", "\"\"", "1"}) {
    EXPECT_NE(stateRefusal(cover, word), "") << word;
  }
}

TEST(HubState, FlagsAreOnAndOff) {
  for (const char* component : {"binary_sensor", "switch"}) {
    EXPECT_EQ(state(entity(component), "true"), "ON");
    EXPECT_EQ(state(entity(component), "false"), "OFF");
    EXPECT_EQ(state(entity(component), "\"ON\""), "ON");
    EXPECT_EQ(state(entity(component), "null"), "None");
    EXPECT_THAT(stateRefusal(entity(component), "\"on\""), HasSubstr("expected true or false, found \"on\""));
    EXPECT_THAT(stateRefusal(entity(component), "1"), HasSubstr("expected true or false"));
  }
}

TEST(HubState, WordsAreThoseDeclared) {
  EXPECT_EQ(state(preset, "\"sit\""), "sit");
  EXPECT_THAT(stateRefusal(preset, "\"c\""), HasSubstr("x: expected one of \"sit\", \"stand\", found \"c\""));
  const HubEntity text = entity("sensor");
  EXPECT_EQ(state(text, "\"anything\""), "anything");
  EXPECT_EQ(state(text, "5"), "5");
  EXPECT_THAT(stateRefusal(text, "\"" + std::string(256, 'x') + "\""),
              HasSubstr("at most 255 bytes, found 256"));
  EXPECT_THAT(stateRefusal(text, "\"\""), HasSubstr("expected a text"));
  EXPECT_THAT(stateRefusal(text, "{}"), HasSubstr("expected a text"));
}

TEST(HubState, ButtonsAndEventsHaveNone) {
  EXPECT_THAT(stateRefusal(entity("button"), "1"), HasSubstr("a button has no state"));
  EXPECT_THAT(stateRefusal(entity("event", R"({"event_types":["a"]})"), "1"),
              HasSubstr("a event has no state"));
}

// Commands

TEST(HubCommand, ACoversWordsAreTakenInAnyCase) {
  const HubEntity cover = entity("cover", "{}", "cover");
  EXPECT_EQ(command(cover, "OPEN", "cover"), "OPEN");
  EXPECT_EQ(command(cover, "Stop", "cover"), "STOP");
  EXPECT_EQ(commandRefusal(cover, "UP", "cover"), "expected OPEN, CLOSE or STOP, found \"UP\"");
  EXPECT_EQ(command(cover, "50", "position"), "50");
  EXPECT_THAT(commandRefusal(cover, "half", "position"), HasSubstr("expected a number, found \"half\""));
}

TEST(HubCommand, NumbersMustBeNumbers) {
  for (const char* good : {"86.3", "94.80000000000001", " 50 ", "1e1", "+5", "-3"})
    EXPECT_EQ(command(number, good), good);
  for (const char* bad : {"", "nan", "inf", "1,5", "5 cm", "0x10", "null", "1e999"}) {
    EXPECT_THAT(commandRefusal(number, bad), HasSubstr("expected a number")) << bad;
  }
}

TEST(HubCommand, OptionsMustBeKnownAndSwitchesOnOrOff) {
  EXPECT_EQ(command(preset, "sit"), "sit");
  EXPECT_THAT(commandRefusal(preset, "Sit"), HasSubstr("expected one of \"sit\", \"stand\""));
  EXPECT_EQ(command(entity("switch"), "on"), "ON");
  EXPECT_THAT(commandRefusal(entity("switch"), "1"), HasSubstr("expected ON or OFF"));
}

TEST(HubCommand, AButtonIsPressedWhateverItIsSent) {
  EXPECT_EQ(command(entity("button"), "PRESS"), "PRESS");
  EXPECT_EQ(command(entity("button"), "anything"), "anything");
}

TEST(HubCommand, ARefusalSurvivesBytesThatAreNoText) {
  EXPECT_THAT(commandRefusal(number, "\xff\xfe"), HasSubstr("expected a number"));
}

// Events

TEST(HubEvent, HasADeclaredType) {
  const CheckedEntity keypad = checkEntity(entity("event", R"({"event_types":["up","down"]})"));
  EXPECT_EQ(eventPayload(keypad, R"({ "event_type": "up", "held": true })"),
            R"({"event_type":"up","held":true})");
  EXPECT_THAT(refusal([&] { eventPayload(keypad, R"({"event_type":"m1"})"); }), HasSubstr("found \"m1\""));
  EXPECT_THAT(refusal([&] { eventPayload(keypad, "{}"); }), HasSubstr("found none"));
  EXPECT_THAT(refusal([&] { eventPayload(keypad, "\"up\""); }), HasSubstr("expected an object"));
  EXPECT_THAT(refusal([&] { eventPayload(checkEntity(preset), "{}"); }),
              HasSubstr("expected an event, it is a select"));
}
