// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/print_settings.h"

#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "daemon/deskd/check.h"
#include "daemon/deskd/mqtt_files.h"
#include "daemon/deskd/settings.h"

namespace deskd {
namespace {

using nlohmann::json;

SettingsFound read(const Options& options) {
  return readSettings(options.configPath,
                      options.configGiven ? MissingFile::isAnError : MissingFile::meansDefaults);
}

json jsonOf(const Limits& limits) {
  return {{"turn_ms", limits.turnMs},
          {"heap_mib", limits.heapMib},
          {"memory_mib", limits.memoryMib},
          {"storage_kib", limits.storageKib},
          {"cpu_percent", limits.cpuPercent},
          {"handles", limits.handles},
          {"publishes_per_s", limits.publishesPerS},
          {"subscriptions", limits.subscriptions},
          {"log_lines_per_s", limits.logLinesPerS}};
}

std::string nameOf(MqttVersion version) {
  if (version == MqttVersion::newest) return "";
  return version == MqttVersion::v5 ? "5" : "3.1.1";
}

std::string nameOf(Discovery discovery) {
  if (discovery == Discovery::off) return "off";
  return discovery == Discovery::entity ? "entity" : "device";
}

json jsonOf(const MqttSettings& mqtt) {
  return {{"url", mqtt.url},
          {"host", mqtt.host},
          {"port", mqtt.port},
          {"tls", mqtt.tls},
          {"username", mqtt.username},
          {"password_file", mqtt.passwordFile},
          {"ca_file", mqtt.caFile},
          {"cert_file", mqtt.certFile},
          {"key_file", mqtt.keyFile},
          {"verify_name", mqtt.verifyName},
          {"version", nameOf(mqtt.version)},
          {"client_id", mqtt.clientId},
          {"keep_alive_s", mqtt.keepAliveS},
          {"prefix", mqtt.prefix},
          {"discovery", nameOf(mqtt.discovery)},
          {"discovery_prefix", mqtt.discoveryPrefix}};
}

void print(const json& value) {
  // File names need not be UTF-8; JSON is.
  std::puts(value.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
}

}  // namespace

int printSettings(const Options& options) {
  SettingsFound found = read(options);
  const Settings& settings = found.settings;
  for (std::string& mistake : mqttFileMistakes(settings))
    found.mistakes.push_back(std::move(mistake));
  print({{"node", settings.node},
         {"mqtt", jsonOf(settings.mqtt)},
         {"limits", jsonOf(settings.limits)},
         {"scripts_directory", settings.scriptsDirectory},
         {"library_directory", libraryDirectory(settings)},
         {"state_directory", settings.stateDirectory},
         {"mistakes", found.mistakes}});
  return 0;
}

int printScriptSettings(const Options& options) {
  const Settings settings = read(options).settings;
  try {
    const ScriptSettings script = loadScriptSettings(options.scriptSettingsPath, settings.limits);
    print({{"settings", json::parse(script.json)},
           {"library_directory", libraryDirectory(settings)},
           {"turn_ms", script.limits.turnMs},
           {"heap_mib", script.limits.heapMib}});
    return 0;
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "%s\n", wrong.what());
    return 1;
  }
}

}  // namespace deskd
