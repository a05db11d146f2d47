// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/settings.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hal/base/nearest.h"
#include "tests/fakes/temp_directory.h"

using namespace deskd;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

namespace {

class SettingsTest : public testing::Test {
 protected:
  Settings load(const std::string& toml) { return loadSettings(directory_.write("deskd.toml", toml)); }

  std::vector<std::string> mistakes(const std::string& toml) {
    try {
      load(toml);
    } catch (const SettingsError& error) {
      return error.mistakes();
    }
    return {};
  }
  // The only mistake, without the directory in front.
  std::string mistake(const std::string& toml) {
    const std::vector<std::string> all = mistakes(toml);
    EXPECT_THAT(all, SizeIs(1));
    return all.empty() ? "" : all[0].substr(directory_.path().size() + 1);
  }

  TempDirectory directory_;
};

}  // namespace

TEST_F(SettingsTest, ReadsEveryKeyOfTheContract) {
  const Settings s = load(R"(
node = "office"
[mqtt]
url = "mqtts://broker.example:8884"
username = "office-user"
password_file = "/etc/deskd/mqtt.password"
ca_file = "/etc/ssl/ca.pem"
cert_file = "/etc/ssl/client.pem"
key_file = "/etc/ssl/client.key"
verify_name = false
version = "3.1.1"
client_id = "my-client"
keep_alive_s = 30
prefix = "home/deskd"
discovery_prefix = "ha"
discovery = "device"
[scripts]
directory = "/srv/scripts"
library = "/srv/library"
[state]
directory = "/srv/state"
[limits]
turn_ms = 500
heap_mib = 32
memory_mib = 96
cpu_percent = 20
handles = 50
publishes_per_s = 5
subscriptions = 7
log_lines_per_s = 9
)");
  EXPECT_EQ(s.node, "office");
  EXPECT_EQ(s.mqtt.url, "mqtts://broker.example:8884");
  EXPECT_EQ(s.mqtt.host, "broker.example");
  EXPECT_EQ(s.mqtt.port, 8884);
  EXPECT_TRUE(s.mqtt.tls);
  EXPECT_EQ(s.mqtt.username, "office-user");
  EXPECT_EQ(s.mqtt.passwordFile, "/etc/deskd/mqtt.password");
  EXPECT_EQ(s.mqtt.caFile, "/etc/ssl/ca.pem");
  EXPECT_EQ(s.mqtt.certFile, "/etc/ssl/client.pem");
  EXPECT_EQ(s.mqtt.keyFile, "/etc/ssl/client.key");
  EXPECT_FALSE(s.mqtt.verifyName);
  EXPECT_EQ(s.mqtt.version, MqttVersion::v311);
  EXPECT_EQ(s.mqtt.clientId, "my-client");
  EXPECT_EQ(s.mqtt.keepAliveS, 30u);
  EXPECT_EQ(s.mqtt.prefix, "home/deskd");
  EXPECT_EQ(s.mqtt.discoveryPrefix, "ha");
  EXPECT_EQ(s.mqtt.discovery, Discovery::device);
  EXPECT_EQ(s.scriptsDirectory, "/srv/scripts");
  EXPECT_EQ(s.libraryDirectory, "/srv/library");
  EXPECT_EQ(s.stateDirectory, "/srv/state");
  EXPECT_EQ(s.limits.turnMs, 500u);
  EXPECT_EQ(s.limits.heapMib, 32u);
  EXPECT_EQ(s.limits.memoryMib, 96u);
  EXPECT_EQ(s.limits.cpuPercent, 20u);
  EXPECT_EQ(s.limits.handles, 50u);
  EXPECT_EQ(s.limits.publishesPerS, 5u);
  EXPECT_EQ(s.limits.subscriptions, 7u);
  EXPECT_EQ(s.limits.logLinesPerS, 9u);
}

TEST_F(SettingsTest, HasTheContractsDefaultsWithoutAFile) {
  const Settings s = loadSettings(directory_.path("deskd.toml"));
  char host[256] = "";
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  EXPECT_EQ(s.node, foldName(host));
  EXPECT_TRUE(isId(s.node));
  EXPECT_FALSE(s.mqtt.enabled());
  EXPECT_EQ(s.mqtt.clientId, "deskd-" + s.node);
  EXPECT_TRUE(s.mqtt.verifyName);
  EXPECT_EQ(s.mqtt.version, MqttVersion::newest);
  EXPECT_EQ(s.mqtt.prefix, "deskd");
  EXPECT_EQ(s.mqtt.discoveryPrefix, "homeassistant");
  EXPECT_EQ(s.mqtt.discovery, Discovery::entity);
  EXPECT_GE(s.mqtt.keepAliveS, 10u);
  EXPECT_LE(s.mqtt.keepAliveS, 15u);
  EXPECT_EQ(s.scriptsDirectory, "/etc/deskd/scripts");
  EXPECT_EQ(s.libraryDirectory, "/usr/share/deskd/scripts");
  EXPECT_EQ(s.stateDirectory, "/var/lib/deskd");
  EXPECT_EQ(s.limits.turnMs, 2000u);
  EXPECT_EQ(s.limits.heapMib, 64u);
  EXPECT_EQ(s.limits.memoryMib, 128u);
}

TEST_F(SettingsTest, AFileThatWasAskedForMustExist) {
  try {
    loadSettings(directory_.path("other.toml"), MissingFile::isAnError);
    FAIL();
  } catch (const SettingsError& error) {
    EXPECT_THAT(error.what(), EndsWith("other.toml: no such file"));
  }
}

TEST_F(SettingsTest, DropInsWinKeyByKeyInNameOrder) {
  directory_.write("deskd.toml.d/20-later.toml", "[mqtt]\nusername = \"third\"\n");
  directory_.write("deskd.toml.d/10-first.toml", "[mqtt]\nusername = \"second\"\nprefix = \"x\"\n");
  directory_.write("deskd.toml.d/30-ignored.conf", "not toml at all");
  const Settings s =
      load("node = \"a\"\n[mqtt]\nusername = \"first\"\nurl = \"mqtt://h\"\n[limits]\nturn_ms = 99\n");
  EXPECT_EQ(s.node, "a");
  EXPECT_EQ(s.mqtt.username, "third");
  EXPECT_EQ(s.mqtt.prefix, "x");
  EXPECT_EQ(s.mqtt.url, "mqtt://h");
  EXPECT_EQ(s.limits.turnMs, 99u);
}

TEST_F(SettingsTest, ADropInCanTurnTheBrokerOff) {
  directory_.write("deskd.toml.d/off.toml", "[mqtt]\nurl = \"\"\n");
  EXPECT_FALSE(load("[mqtt]\nurl = \"mqtt://h\"\n").mqtt.enabled());
}

TEST_F(SettingsTest, ADropInsMistakeNamesThatFile) {
  directory_.write("deskd.toml.d/bad.toml", "\n[mqtt]\nkeep_alive_s = 1\n");
  EXPECT_EQ(mistake(""),
            "deskd.toml.d/bad.toml:3:1: mqtt.keep_alive_s: expected a whole number of 5 to 3600, found "
            "the number 1");
}

TEST_F(SettingsTest, AMistakeNamesPlaceKeyExpectationAndFinding) {
  EXPECT_EQ(mistake("node = \"Office PC\"\n"),
            "deskd.toml:1:1: node: expected 1 to 64 of a-z, 0-9 and -, with no - at either end, found "
            "\"Office PC\"");
  EXPECT_EQ(mistake("[limits]\n  turn_ms = \"2 s\"\n"),
            "deskd.toml:2:3: limits.turn_ms: expected a whole number of 10 to 600000, found \"2 s\"");
  EXPECT_EQ(mistake("[limits]\ncpu_percent = 101\n"),
            "deskd.toml:2:1: limits.cpu_percent: expected a whole number of 1 to 100, found the number 101");
  EXPECT_EQ(
      mistake("[limits]\npublishes_per_s = 0\n"),
      "deskd.toml:2:1: limits.publishes_per_s: expected a whole number of 1 to 10000, found the number 0");
  EXPECT_EQ(mistake("[limits]\nhandels = 5\n"),
            "deskd.toml:2:1: limits.handels: is no setting; did you mean limits.handles?");
  EXPECT_EQ(mistake("[mqtt]\nversion = 5\n"),
            "deskd.toml:2:1: mqtt.version: expected a text in quotes, found the number 5");
  EXPECT_EQ(mistake("[mqtt]\nversion = \"4\"\n"),
            "deskd.toml:2:1: mqtt.version: expected one of \"5\", \"3.1.1\", found \"4\"");
  EXPECT_EQ(mistake("[mqtt]\nverify_name = \"no\"\n"),
            "deskd.toml:2:1: mqtt.verify_name: expected true or false, found \"no\"");
  EXPECT_EQ(mistake("[state]\ndirectory = \"var\"\n"),
            "deskd.toml:2:1: state.directory: expected an absolute path, found \"var\"");
  EXPECT_EQ(mistake("mqtt = 1\n"), "deskd.toml:1:1: mqtt: expected a table, [mqtt], found the number 1");
  EXPECT_EQ(mistake("[mqtt]\nprefix = \"desk/+\"\n"),
            "deskd.toml:2:1: mqtt.prefix: expected levels of a topic, without + and #, found \"desk/+\"");
  EXPECT_EQ(
      mistake("[mqtt]\nclient_id = \"a b\"\n"),
      "deskd.toml:2:1: mqtt.client_id: expected 1 to 128 printable characters without spaces, found \"a b\"");
}

TEST_F(SettingsTest, AnUnknownKeyNamesTheNearest) {
  EXPECT_EQ(mistake("[mqtt]\nusrname = \"a\"\n"),
            "deskd.toml:2:1: mqtt.usrname: is no setting; did you mean mqtt.username?");
  EXPECT_EQ(mistake("[limts]\nturn_ms = 1\n"), "deskd.toml:1:2: limts: is no setting; did you mean limits?");
  EXPECT_EQ(mistake("[mqtt]\ninsecure = true\n"), "deskd.toml:2:1: mqtt.insecure: is no setting");
}

TEST_F(SettingsTest, APasswordInTheFileIsRefusedWithAWayOut) {
  const std::string text = mistake("[mqtt]\npassword = \"hunter2\"\n");
  EXPECT_THAT(text, StartsWith("deskd.toml:2:1: mqtt.password: "));
  EXPECT_THAT(text, AllOf(HasSubstr("password_file"), HasSubstr("0600"), HasSubstr("mqtt-password")));
  EXPECT_THAT(text, testing::Not(HasSubstr("hunter2")));
}

TEST_F(SettingsTest, AllMistakesAreReportedAtOnce) {
  directory_.write("deskd.toml.d/a.toml", "x = 1\n");
  directory_.write("deskd.toml.d/b.toml", "[broken\n");
  const auto all = mistakes("node = \"A\"\n[mqtt]\nurl = \"http://x\"\nqos = 3\n");
  EXPECT_THAT(all, ElementsAre(HasSubstr("node: expected"), HasSubstr("mqtt.url: expected mqtt://"),
                               HasSubstr("mqtt.qos: is no setting"),
                               HasSubstr("a.toml:1:1: x: is no setting"), HasSubstr("b.toml:1:")));
}

TEST_F(SettingsTest, ASyntaxErrorNamesLineAndColumn) {
  EXPECT_THAT(mistake("[mqtt]\nurl = \"a\nb\"\n"), StartsWith("deskd.toml:2:"));
  EXPECT_THAT(mistake("node = \"a\"\nnode = \"b\"\n"), StartsWith("deskd.toml:2:"));
}

TEST_F(SettingsTest, AFileThatCannotBeReadIsAMistake) {
  ::mkdir(directory_.path("deskd.toml").c_str(), 0700);
  EXPECT_THROW(loadSettings(directory_.path("deskd.toml")), SettingsError);
}

TEST_F(SettingsTest, ChecksWhatMustFitTogether) {
  EXPECT_EQ(mistake("[limits]\nheap_mib = 200\n"),
            "deskd.toml:2:1: limits.heap_mib: expected less than limits.memory_mib, which is 128, found 200");
  EXPECT_EQ(mistake("[limits]\nheap_mib = 200\nmemory_mib = 100"),
            "deskd.toml:3:1: limits.memory_mib: expected more than limits.heap_mib, which is 200, found 100");
  EXPECT_EQ(mistake("[mqtt]\nurl = \"mqtts://h\"\ncert_file = \"/c\"\n"),
            "deskd.toml:3:1: mqtt.cert_file: expected mqtt.key_file as well: a client certificate needs both "
            "its files");
  EXPECT_EQ(mistake("[mqtt]\nurl = \"mqtts://h\"\nkey_file = \"/c\"\n"),
            "deskd.toml:3:1: mqtt.key_file: expected mqtt.cert_file as well: a client certificate needs both "
            "its files");
  EXPECT_EQ(mistake("[mqtt]\nca_file = \"/c\"\nurl = \"mqtt://h\"\n"),
            "deskd.toml:3:1: mqtt.url: expected mqtts:// because certificate files are given, found "
            "\"mqtt://h\"");
  EXPECT_EQ(mistake("[mqtt]\nprefix = \"a\"\ndiscovery_prefix = \"a\"\n"),
            "deskd.toml:3:1: mqtt.discovery_prefix: expected something else than mqtt.prefix, found \"a\"");
  EXPECT_EQ(mistake("[mqtt]\nprefix = \"homeassistant\"\n"),
            "deskd.toml:2:1: mqtt.prefix: expected something else than mqtt.discovery_prefix, found "
            "\"homeassistant\"");
}

TEST_F(SettingsTest, TheFileThatDoesNotFitTheEarlierOnesIsToBlame) {
  const std::string main = "[mqtt]\nurl = \"mqtt://h\"\n[limits]\nmemory_mib = 100\n";
  directory_.write("deskd.toml.d/10.toml", "\n[limits]\n  heap_mib = 150\n");
  EXPECT_EQ(mistake(main),
            "deskd.toml.d/10.toml:3:3: limits.heap_mib: expected less than limits.memory_mib, which is 100, "
            "found 150");
  directory_.write("deskd.toml.d/10.toml", "[mqtt]\nca_file = \"/c\"\n");
  EXPECT_EQ(mistake(main),
            "deskd.toml.d/10.toml:2:1: mqtt.ca_file: expected mqtts:// in mqtt.url because certificate files "
            "are given, found \"mqtt://h\"");
}

TEST_F(SettingsTest, WhatCouldBeReadIsThereInSpiteOfMistakes) {
  const auto read = [&](const std::string& toml) {
    return readSettings(directory_.write("deskd.toml", toml));
  };
  const std::string scripts = "[scripts]\ndirectory = \"/srv/scripts\"\n";
  SettingsFound found = read("node = 5\n" + scripts + "[mqtt]\nurl = \"mqtt://h\"\n");
  EXPECT_THAT(found.mistakes, SizeIs(1));
  EXPECT_TRUE(found.scriptsDirectoryKnown);
  EXPECT_EQ(found.settings.scriptsDirectory, "/srv/scripts");
  EXPECT_EQ(found.settings.places.at("mqtt.url"), directory_.path("deskd.toml") + ":5:1");
  for (const char* doubtful :
       {"scripts = 1\n", "[scripts]\ndirectory = 1\n", "[scripts]\ndirectroy = \"/x\"\n", "[scripts\n"})
    EXPECT_FALSE(read(doubtful).scriptsDirectoryKnown) << doubtful;
  EXPECT_FALSE(readSettings(directory_.path("none.toml"), MissingFile::isAnError).scriptsDirectoryKnown);
}

TEST(MqttUrl, HasDefaultPorts) {
  MqttSettings mqtt;
  parseMqttUrl("mqtt://127.0.0.1", mqtt);
  EXPECT_EQ(mqtt.host, "127.0.0.1");
  EXPECT_EQ(mqtt.port, 1883);
  EXPECT_FALSE(mqtt.tls);
  parseMqttUrl("mqtts://broker.lan/", mqtt);
  EXPECT_EQ(mqtt.host, "broker.lan");
  EXPECT_EQ(mqtt.port, 8883);
  EXPECT_TRUE(mqtt.tls);
  parseMqttUrl("mqtt://[::1]:1884", mqtt);
  EXPECT_EQ(mqtt.host, "::1");
  EXPECT_EQ(mqtt.port, 1884);
}

TEST(MqttUrl, RefusesWhatItCannotMean) {
  MqttSettings mqtt;
  for (const char* bad : {"", "broker", "tcp://h", "mqtt://", "mqtt://:1883", "mqtt://h:0", "mqtt://h:65536",
                          "mqtt://h:", "mqtt://h:1x", "mqtt://::1", "mqtt://[::1", "mqtt://[::1]x",
                          "mqtt://[]", "mqtt://h/topic", "mqtt://a b", "mqtt://h?x"}) {
    EXPECT_THROW(parseMqttUrl(bad, mqtt), std::invalid_argument) << bad;
  }
  EXPECT_TRUE(mqtt.url.empty());
}

TEST(MqttUrl, DoesNotRepeatAPassword) {
  MqttSettings mqtt;
  try {
    parseMqttUrl("mqtt://me:hunter2@h", mqtt);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("username"), testing::Not(HasSubstr("hunter2"))));
  }
}

TEST(ScriptSettingsFile, GivesTheScriptEverythingButTheLimits) {
  const TempDirectory directory;
  const std::string path = directory.write("desk.toml", R"(
device = "standing-desk"
title = "Standing desk"
port = "/dev/serial0"
heights = [72.5, 110]
since = 2024-02-29
alarm = 07:30:00
at = 2024-02-29T07:30:00Z
[presets]
sit = 725
locked = true
[limits]
turn_ms = 100
)");
  const ScriptSettings s = loadScriptSettings(path, Limits{2000, 40, 100});
  EXPECT_EQ(s.device, "standing-desk");
  EXPECT_EQ(s.title, "Standing desk");
  EXPECT_EQ(s.limits.turnMs, 100u);
  EXPECT_EQ(s.limits.heapMib, 40u);
  EXPECT_EQ(s.limits.memoryMib, 100u);
  EXPECT_EQ(
      s.json,
      R"({"alarm":"07:30:00","at":"2024-02-29T07:30:00Z","device":"standing-desk","heights":[72.5,110],)"
      R"("port":"/dev/serial0","presets":{"locked":true,"sit":725},"since":"2024-02-29","title":"Standing desk"})");
}

TEST(ScriptSettingsFile, IsNotNeeded) {
  const TempDirectory directory;
  const ScriptSettings s = loadScriptSettings(directory.path("none.toml"), Limits{7000, 40, 100});
  EXPECT_FALSE(s.device);
  EXPECT_FALSE(s.title);
  EXPECT_EQ(s.limits.turnMs, 7000u);
  EXPECT_EQ(s.json, "{}");
}

TEST(ScriptSettingsFile, ChecksWhatItUnderstandsAndLeavesTheRestAlone) {
  const TempDirectory directory;
  const auto mistakes = [&](const std::string& toml) {
    try {
      loadScriptSettings(directory.write("desk.toml", toml), Limits());
    } catch (const SettingsError& error) {
      return error.mistakes();
    }
    return std::vector<std::string>();
  };
  EXPECT_THAT(mistakes("anything = 1\nmore.of.it = true\n"), IsEmpty());
  EXPECT_THAT(
      mistakes("device = \"My Desk\"\n[limits]\nturn = 1\n"),
      ElementsAre(HasSubstr("desk.toml:1:1: device: expected 1 to 64"),
                  HasSubstr("desk.toml:3:1: limits.turn: is no setting; did you mean limits.turn_ms?")));
  EXPECT_THAT(mistakes("[limits]\nheap_mib = 500\n"),
              ElementsAre(HasSubstr("desk.toml:2:1: limits.heap_mib: ")));
  EXPECT_THAT(mistakes("a.b = inf\n"),
              ElementsAre(HasSubstr("desk.toml:1:7: a.b: expected a finite number")));
}

TEST(ScriptSettingsFile, GrantsPermissions) {
  const TempDirectory directory;
  const auto load = [&](const std::string& toml) {
    return loadScriptSettings(directory.write("lamp.toml", toml), Limits());
  };
  const Permissions defaults = load("x = 1\n").permissions;
  EXPECT_THAT(defaults.lines, ElementsAre("*"));
  EXPECT_THAT(defaults.i2c, ElementsAre("*"));
  EXPECT_THAT(defaults.serial, ElementsAre("*"));
  EXPECT_THAT(defaults.publish, IsEmpty());
  EXPECT_THAT(defaults.subscribe, ElementsAre("#"));
  const ScriptSettings s = load(
      "[permissions]\nlines = [\"GPIO17\", \"gpiochip0:27\"]\ni2c = []\nserial = [\"/dev/serial0\"]\n"
      "publish = [\"home/#\"]\n");
  EXPECT_THAT(s.permissions.lines, ElementsAre("GPIO17", "gpiochip0:27"));
  EXPECT_THAT(s.permissions.i2c, IsEmpty());
  EXPECT_THAT(s.permissions.serial, ElementsAre("/dev/serial0"));
  EXPECT_THAT(s.permissions.publish, ElementsAre("home/#"));
  EXPECT_THAT(s.permissions.subscribe, ElementsAre("#"));
  EXPECT_EQ(s.json, "{}");
}

TEST(ScriptSettingsFile, MistakesInPermissionsNameTheEntry) {
  const TempDirectory directory;
  const auto mistake = [&](const std::string& line) -> std::string {
    try {
      loadScriptSettings(directory.write("lamp.toml", "[permissions]\n" + line + "\n"), Limits());
    } catch (const SettingsError& error) {
      return std::string(error.what()).substr(directory.path().size() + 1);
    }
    return "";
  };
  EXPECT_EQ(mistake("publish = \"home\""),
            "lamp.toml:2:1: permissions.publish: expected an array of texts, found \"home\"");
  EXPECT_EQ(mistake("lines = [17]"),
            "lamp.toml:2:1: permissions.lines: expected texts in quotes, found the number 17");
  EXPECT_EQ(mistake("subscribe = [\"a/#/b\"]"),
            "lamp.toml:2:1: permissions.subscribe: expected topics, such as \"home/lamp\" or \"home/#\", "
            "found \"a/#/b\"");
  EXPECT_EQ(mistake("serial = [\"serial0\"]"),
            "lamp.toml:2:1: permissions.serial: expected absolute paths, such as \"/dev/serial0\", found "
            "\"serial0\"");
  EXPECT_EQ(mistake("publishes = []"),
            "lamp.toml:2:1: permissions.publishes: is no setting; did you mean permissions.publish?");
}

TEST(ScriptSettingsFile, IsNotToBlameForLimitsOfOthers) {
  const TempDirectory directory;
  Limits defaults;
  defaults.heapMib = 500;
  EXPECT_NO_THROW(loadScriptSettings(directory.write("desk.toml", "x = 1\n"), defaults));
}

TEST(ScriptSettingsFile, TellsTheDeviceWhateverElseIsWrong) {
  const TempDirectory directory;
  EXPECT_EQ(scriptDevice(directory.path("none.toml"), "My Lamp"), "my-lamp");
  const auto device = [&](const std::string& toml) {
    return scriptDevice(directory.write("lamp.toml", toml), "lamp");
  };
  EXPECT_EQ(device("x = 1"), "lamp");
  EXPECT_EQ(device("device = \"ceiling\"\n[limits]\nturn_ms = -1"), "ceiling");
  EXPECT_EQ(device("device = \"Not an id\""), std::nullopt);
  EXPECT_EQ(device("device = 5"), std::nullopt);
  EXPECT_EQ(device("device = \"ceiling"), std::nullopt);
}

TEST(FoldName, MakesAnId) {
  EXPECT_EQ(foldName("Office"), "office");
  EXPECT_EQ(foldName("raspberrypi.local"), "raspberrypi");
  EXPECT_EQ(foldName("B\xc3\xbcro PC"), "b-ro-pc");
  EXPECT_EQ(foldName("--x--"), "x");
  EXPECT_EQ(foldName(""), "deskd");
  EXPECT_EQ(foldName(std::string(100, 'a')).size(), 64u);
}

TEST(Nearest, FindsTheLikelyWord) {
  const std::vector<std::string> words{"username", "url", "prefix", "turn_ms"};
  EXPECT_EQ(nearest("user_name", words), "username");
  EXPECT_EQ(nearest("ulr", words), "url");
  EXPECT_EQ(nearest("perfix", words), "prefix");
  EXPECT_EQ(nearest("turn", words), "turn_ms");
  EXPECT_EQ(nearest("discovery", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest(std::string(1000, 'u'), words), "");
}
