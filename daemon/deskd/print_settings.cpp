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
         {"mqtt",
          {{"url", settings.mqtt.url},
           {"host", settings.mqtt.host},
           {"port", settings.mqtt.port},
           {"tls", settings.mqtt.tls}}},
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
