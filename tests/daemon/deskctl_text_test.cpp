// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "daemon/deskctl/mqtt_text.h"
#include "daemon/deskctl/status_text.h"

namespace deskd {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t second = 1000000;
constexpr std::uint64_t now = 1'800'000'000 * second;

ScriptRow aScript(const std::string& name, const std::string& state) {
  ScriptRow script;
  script.name = name;
  script.state = state;
  return script;
}

MessageRow aMessage(std::uint64_t timeUs, const std::string& topic, const std::string& payload) {
  MessageRow message;
  message.timeUs = timeUs;
  message.topic = topic;
  message.payload = payload;
  message.payloadBytes = payload.size();
  return message;
}

Overview anOverview() {
  Overview overview;
  overview.version = "1.2.3";
  overview.node = "office";
  overview.brokerUrl = "mqtt://127.0.0.1:1883";
  overview.brokerConnected = true;
  overview.mqttVersion = "5";
  overview.messagesIn = 12;
  overview.messagesOut = 3456;
  overview.subscriptions = 4;
  overview.guardWorks = true;
  ScriptRow desk = aScript("jiecang", "running");
  desk.sinceUs = now - 3 * 86400 * second;
  desk.pid = 812;
  desk.memoryBytes = 12'897'485;
  desk.cpuUs = 754 * second;
  ScriptRow bad = aScript("bad", "quarantined");
  bad.sinceUs = now - 95 * second;
  bad.restarts = 4;
  bad.lastError = "TypeError: undefined is no function (/etc/deskd/scripts/bad.js:12:5)";
  ScriptRow waiting = aScript("a-script-with-a-name-that-is-too-long-for-a-table", "waiting");
  waiting.sinceUs = now + 5 * second;
  waiting.restarts = 1;
  waiting.lastError =
      "Error: the sensor on the other side of the room does not answer, whatever is tried, and that is why "
      "nothing goes on\nsecond line (/etc/deskd/scripts/lib/sensor.js:7:11)";
  overview.scripts = {waiting, bad, desk};
  return overview;
}

void expectNarrow(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(width(line), 80U) << line;
}

TEST(StatusText, IsOneScreenOfEightyColumns) {
  const std::string text = statusText(anOverview(), now, Colour::no);
  EXPECT_EQ(text, R"(deskd 1.2.3, node office, 1 of 3 scripts run
broker: mqtt://127.0.0.1:1883, connected, MQTT 5

SCRIPT                      STATE        SINCE   RESTARTS  MEMORY     CPU
a-script-with-a-name-that…  waiting      0 s     1         -          -
  Error: the sensor on the other side of the room does not ans… (sensor.js:7:11)
bad                         quarantined  1 min   4         -          -
  TypeError: undefined is no function (bad.js:12:5)
jiecang                     running      3 d     0         12.3 MiB   12.6 min
)");
  expectNarrow(text);
}

TEST(StatusText, SaysWhatIsWrongWithDeskdItself) {
  Overview overview = anOverview();
  overview.scripts.clear();
  overview.guardWorks = false;
  overview.brokerConnected = false;
  overview.safeModeReason = "deskd ended 3 times in a row before it was ready";
  EXPECT_EQ(statusText(overview, now, Colour::no), R"(deskd 1.2.3, node office, 0 of 0 scripts run
broker: mqtt://127.0.0.1:1883, not connected
deskd-guard does not run: nothing can be moved
safe mode: deskd ended 3 times in a row before it was ready
  no script is started but by "deskctl start NAME"
)");
  overview.brokerUrl.clear();
  EXPECT_THAT(statusText(overview, now, Colour::no),
              HasSubstr("broker: none: deskd.toml has no [mqtt] url\n"));
}

TEST(StatusText, HasColoursOnlyIfAsked) {
  EXPECT_THAT(statusText(anOverview(), now, Colour::no), Not(HasSubstr("\x1b")));
  const std::string text = statusText(anOverview(), now, Colour::yes);
  EXPECT_THAT(text, HasSubstr("\x1b[32mrunning    \x1b[0m  3 d"));
  EXPECT_THAT(text, HasSubstr("\x1b[31mquarantined\x1b[0m"));
}

TEST(StatusText, LetsNoScriptWriteToTheTerminal) {
  Overview overview = anOverview();
  overview.scripts[1].name = "x\x1b[2J";
  overview.scripts[1].lastError = "Error: \x1b]0;title\x07 (/a/\x1b.js:1:1)";
  const std::string text = statusText(overview, now, Colour::no);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("Error: \\x1b]0;title\\x07 (\\x1b.js:1:1)"));
}

TEST(StatusText, IsJsonWithEverything) {
  const auto json = nlohmann::json::parse(statusJson(anOverview()));
  EXPECT_EQ(json.at("scripts").size(), 3U);
  EXPECT_EQ(json.at("scripts")[1].at("lastError"),
            "TypeError: undefined is no function (/etc/deskd/scripts/bad.js:12:5)");
  EXPECT_EQ(json.at("scripts")[2].at("memoryBytes"), 12'897'485);
  EXPECT_EQ(json.at("node"), "office");
}

TEST(ListText, HasWholeNames) {
  EXPECT_EQ(listText({aScript("jiecang", "running"), aScript("lamp", "disabled")}, Colour::no),
            "jiecang  running\nlamp     disabled\n");
}

TEST(MqttText, ShowsConnectionCountsAndMessages) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  MessageRow out = aMessage(now + 250000, "deskd/office/jiecang/height/state", "72.5");
  out.out = true;
  out.retained = true;
  MessageRow in = aMessage(now + second, "deskd/office/a-very-long-device-name/attributes/state",
                           std::string(200, 'x') + "\n");
  in.payloadBytes = 5000;
  const MessageRow bytes = aMessage(now, "raw", std::string("\xff\x00\n", 3));
  const std::string text = mqttText(anOverview(), {out, in, bytes});
  EXPECT_EQ(text, R"(mqtt://127.0.0.1:1883, connected, MQTT 5
4 subscriptions, 12 messages received, 3456 sent

08:00:00.250 > deskd/office/jiecang/height/state  72.5  (retained)
08:00:01.000 < deskd/office/a-very-long-device-name/attrib…  xxxxxxxxxxxxxxxxxx…
08:00:00.000 < raw  \xff\x00\x0a
)");
  expectNarrow(text);
  EXPECT_EQ(nlohmann::json::parse(mqttJson(anOverview(), {out, in})).at("recent").size(), 2U);
  Overview none;
  EXPECT_EQ(mqttText(none, {}), "no broker: deskd.toml has no [mqtt] url\n");
}

TEST(Text, CountsInUnitsThatPeopleRead) {
  EXPECT_EQ(durationText(59 * second), "59 s");
  EXPECT_EQ(durationText(60 * second), "1 min");
  EXPECT_EQ(durationText(std::uint64_t{47} * 3600 * second), "47 h");
  EXPECT_EQ(durationText(std::uint64_t{48} * 3600 * second), "2 d");
  EXPECT_EQ(bytesText(831'488), "812 KiB");
  EXPECT_EQ(cpuText(350'000), "0.35 s");
  EXPECT_EQ(cpuText(99 * second), "99 s");
  EXPECT_EQ(cpuText(9000 * second), "2.5 h");
  EXPECT_EQ(shortened("Schreibtischhöhe", 15), "Schreibtischhö…");
  EXPECT_EQ(shortened("abc", 3), "abc");
}

}  // namespace
}  // namespace deskd
