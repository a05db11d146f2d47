// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/settings.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "daemon/deskd/settings_file.h"
#include "daemon/deskd/settings_report.h"
#include "daemon/deskd/settings_table.h"
#include "daemon/deskd/topic_filter.h"

namespace deskd {
namespace {

using Mistakes = std::vector<std::string>;

std::string join(const Mistakes& mistakes) {
  std::string text;
  for (const std::string& mistake : mistakes)
    text += (text.empty() ? "" : "\n") + mistake;
  return text;
}

std::string expectId(const std::string& found) {
  if (isId(found)) return "";
  return "1 to 64 of a-z, 0-9 and -, with no - at either end";
}

std::string expectPath(const std::string& found) {
  return found.starts_with('/') && found.find('\0') == std::string::npos ? "" : "an absolute path";
}

// Empty means "not set", so that a drop-in can take a file back.
std::string expectPathOrNothing(const std::string& found) {
  return found.empty() ? "" : expectPath(found);
}

std::string expectPrefix(const std::string& found) {
  try {
    checkTopic(found);
  } catch (const std::invalid_argument&) {
    return "levels of a topic, without + and #";
  }
  const bool levels =
      !found.starts_with('/') && !found.ends_with('/') && found.find("//") == std::string::npos;
  return levels && !found.starts_with('$') ? "" : "levels of a topic, such as \"deskd\" or \"home/deskd\"";
}

std::string expectClientId(const std::string& found) {
  const bool printable = std::all_of(found.begin(), found.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return printable && !found.empty() && found.size() <= 128 ? ""
                                                            : "1 to 128 printable characters without spaces";
}

std::string expectFilter(const std::string& found) {
  try {
    checkFilter(found);
  } catch (const std::invalid_argument&) {
    return "topics, such as \"home/lamp\" or \"home/#\"";
  }
  return "";
}

std::string expectDevice(const std::string& found) {
  return found.empty() ? "names, such as \"GPIO17\"" : "";
}

std::string expectBus(const std::string& found) {
  return found.empty() ? "names of buses, such as \"i2c-1\"" : "";
}

std::string expectPort(const std::string& found) {
  return found == "*" || found.starts_with('/') ? "" : "absolute paths, such as \"/dev/serial0\"";
}

void readPermissions(SettingsTable& table, Permissions& permissions) {
  table.texts("lines", permissions.lines, expectDevice);
  table.texts("i2c", permissions.i2c, expectBus);
  table.texts("serial", permissions.serial, expectPort);
  table.texts("publish", permissions.publish, expectFilter);
  table.texts("subscribe", permissions.subscribe, expectFilter);
}

void readLimits(SettingsTable& table, Limits& limits) {
  table.number("turn_ms", limits.turnMs, 10, 600000);
  table.number("heap_mib", limits.heapMib, 8, 1024);
  table.number("memory_mib", limits.memoryMib, 32, 3072);
  table.number("storage_kib", limits.storageKib, 0, 1024 * 1024);
  table.number("cpu_percent", limits.cpuPercent, 1, 100);
  table.number("handles", limits.handles, 1, 100000);
  table.number("publishes_per_s", limits.publishesPerS, 1, 10000);
  table.number("subscriptions", limits.subscriptions, 0, 10000);
  table.number("log_lines_per_s", limits.logLinesPerS, 1, 10000);
}

// Checked when all files are read: one may set the heap and another the memory.
void checkLimits(const Limits& limits, SettingsReport& report) {
  if (limits.memoryMib > limits.heapMib) return;
  const std::string heap = std::to_string(limits.heapMib);
  const std::string memory = std::to_string(limits.memoryMib);
  const std::string key = report.latestOf({"limits.memory_mib", "limits.heap_mib"});
  if (key == "limits.memory_mib")
    report.mistake(key, "expected more than limits.heap_mib, which is " + heap + ", found " + memory);
  else
    report.mistake(key, "expected less than limits.memory_mib, which is " + memory + ", found " + heap);
}

void readMqtt(SettingsTable& table, MqttSettings& mqtt) {
  std::string reason;
  std::string url;
  table.text("url", url, [&](const std::string& found) {
    if (found.empty()) {
      mqtt.url.clear();
      return std::string();
    }
    try {
      parseMqttUrl(found, mqtt);
    } catch (const std::invalid_argument& error) {
      reason = error.what();
    }
    return std::string();
  });
  if (!reason.empty()) table.mistake("url", reason);
  table.text("username", mqtt.username);
  table.text("password_file", mqtt.passwordFile, expectPathOrNothing);
  table.forbidden("password",
                  "passwords do not belong here; write it into a file of mode 0600 and name that file as "
                  "mqtt.password_file, or pass it as the systemd credential \"mqtt-password\"");
  table.text("ca_file", mqtt.caFile, expectPathOrNothing);
  table.text("cert_file", mqtt.certFile, expectPathOrNothing);
  table.text("key_file", mqtt.keyFile, expectPathOrNothing);
  table.boolean("verify_name", mqtt.verifyName);
  table.choice<MqttVersion>("version", mqtt.version, {{"5", MqttVersion::v5}, {"3.1.1", MqttVersion::v311}});
  table.text("client_id", mqtt.clientId, expectClientId);
  table.number("keep_alive_s", mqtt.keepAliveS, 5, 3600);
  table.text("prefix", mqtt.prefix, expectPrefix);
  table.text("discovery_prefix", mqtt.discoveryPrefix, expectPrefix);
  table.choice<Discovery>(
      "discovery", mqtt.discovery,
      {{"entity", Discovery::entity}, {"device", Discovery::device}, {"off", Discovery::off}});
}

void checkMqtt(const MqttSettings& mqtt, SettingsReport& report) {
  if (mqtt.certFile.empty() != mqtt.keyFile.empty()) {
    const bool noKey = mqtt.keyFile.empty();
    report.mistake(noKey ? "mqtt.cert_file" : "mqtt.key_file",
                   std::string("expected ") + (noKey ? "mqtt.key_file" : "mqtt.cert_file") +
                       " as well: a client certificate needs both its files");
  }
  const bool tlsFiles = !mqtt.caFile.empty() || !mqtt.certFile.empty() || !mqtt.keyFile.empty();
  if (mqtt.enabled() && !mqtt.tls && tlsFiles) {
    const std::string key = report.latestOf({"mqtt.url", "mqtt.ca_file", "mqtt.cert_file", "mqtt.key_file"});
    report.mistake(key,
                   key == "mqtt.url"
                       ? "expected mqtts:// because certificate files are given, found \"" + mqtt.url + "\""
                       : "expected mqtts:// in mqtt.url because certificate files are "
                         "given, found \"" +
                             mqtt.url + "\"");
  }
  if (mqtt.prefix == mqtt.discoveryPrefix) {
    const std::string key = report.latestOf({"mqtt.discovery_prefix", "mqtt.prefix"});
    const char* other = key == "mqtt.prefix" ? "mqtt.discovery_prefix" : "mqtt.prefix";
    report.mistake(key,
                   std::string("expected something else than ") + other + ", found \"" + mqtt.prefix + "\"");
  }
}

void readFile(const SettingsNode& file, Settings& settings, SettingsReport& report) {
  SettingsTable root("", file, report);
  root.text("node", settings.node, expectId);
  root.table("mqtt", [&](SettingsTable& table) { readMqtt(table, settings.mqtt); });
  root.table("scripts", [&](SettingsTable& table) {
    table.text("directory", settings.scriptsDirectory, expectPath);
    table.text("library", settings.libraryDirectory, expectPath);
  });
  root.table("state",
             [&](SettingsTable& table) { table.text("directory", settings.stateDirectory, expectPath); });
  root.table("limits", [&](SettingsTable& table) { readLimits(table, settings.limits); });
  root.finish();
}

// deskd.toml.d/*.toml, in name order.
std::vector<std::string> dropIns(const std::string& path) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path + ".d", error)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".toml") && !name.starts_with('.')) found.push_back(entry.path());
  }
  const bool absent = error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
  if (error && !absent) throw SettingsError({path + ".d: cannot be listed: " + error.message()});
  std::sort(found.begin(), found.end());
  return found;
}

std::string hostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

}  // namespace

SettingsError::SettingsError(std::vector<std::string> mistakes)
    : std::runtime_error(join(mistakes)), mistakes_(std::move(mistakes)) {}

SettingsFound readSettings(const std::string& path, MissingFile missing) {
  SettingsFound result;
  Settings& settings = result.settings;
  SettingsReport report(path);
  const auto unreadable = [&](const Mistakes& mistakes) {
    report.addMistakes(mistakes);
    result.scriptsDirectoryKnown = false;
  };
  std::vector<std::string> files{path};
  try {
    const std::vector<std::string> more = dropIns(path);
    files.insert(files.end(), more.begin(), more.end());
  } catch (const SettingsError& error) {
    unreadable(error.mistakes());
  }
  for (const std::string& file : files) {
    try {
      const std::optional<SettingsNode> content = parseSettingsFile(file);
      report.beginFile(file);
      if (content) {
        readFile(*content, settings, report);
      } else if (file == path && missing == MissingFile::isAnError) {
        unreadable({path + ": no such file"});
      }
    } catch (const SettingsError& error) {
      unreadable(error.mistakes());
    }
  }
  checkLimits(settings.limits, report);
  checkMqtt(settings.mqtt, report);
  if (report.isWrong("scripts")) result.scriptsDirectoryKnown = false;
  if (settings.node.empty()) settings.node = foldName(hostName());
  if (settings.mqtt.clientId.empty()) settings.mqtt.clientId = "deskd-" + settings.node;
  settings.places = report.places();
  result.mistakes = report.found();
  return result;
}

Settings loadSettings(const std::string& path, MissingFile missing) {
  SettingsFound result = readSettings(path, missing);
  if (!result.mistakes.empty()) throw SettingsError(std::move(result.mistakes));
  return std::move(result.settings);
}

ScriptSettings loadScriptSettings(const std::string& path, const Limits& defaults) {
  ScriptSettings settings;
  settings.limits = defaults;
  const std::optional<SettingsNode> file = parseSettingsFile(path);
  if (!file) return settings;

  SettingsReport report(path);
  SettingsTable root("", *file, report);  // never finished: other keys are the script's own
  std::string device;
  std::string title;
  root.text("device", device, expectId);
  root.text("title", title, [](const std::string& found) { return found.empty() ? "a name to show" : ""; });
  root.table("limits", [&](SettingsTable& table) { readLimits(table, settings.limits); });
  root.table("permissions", [&](SettingsTable& table) { readPermissions(table, settings.permissions); });
  // Limits that do not fit together elsewhere are no mistake of this file.
  if (report.isSet("limits.heap_mib") || report.isSet("limits.memory_mib"))
    checkLimits(settings.limits, report);
  if (!report.found().empty()) throw SettingsError(report.found());

  if (!device.empty()) settings.device = device;
  if (!title.empty()) settings.title = title;
  settings.json = settingsToJson(path, *file, {"limits", "permissions"});
  return settings;
}

std::optional<std::string> scriptDevice(const std::string& path, const std::string& script) {
  try {
    const std::optional<SettingsNode> file = parseSettingsFile(path);
    if (!file) return foldName(script);
    for (const SettingsNode::Member& member : file->members) {
      if (member.key != "device") continue;
      if (member.value.kind != SettingsNode::Kind::text || !isId(member.value.text)) return std::nullopt;
      return member.value.text;
    }
    return foldName(script);
  } catch (const SettingsError&) {
    return std::nullopt;
  }
}

std::string foldName(const std::string& name) {
  std::string folded;
  for (const char c : name.substr(0, name.find('.'))) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (plain) {
      folded += lower;
    } else if (!folded.empty() && folded.back() != '-') {
      folded += '-';
    }
  }
  folded = folded.substr(0, 64);
  while (folded.ends_with('-'))
    folded.pop_back();
  return folded.empty() ? "deskd" : folded;
}

bool isId(const std::string& text) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed) &&
         !text.starts_with('-') && !text.ends_with('-');
}

}  // namespace deskd
