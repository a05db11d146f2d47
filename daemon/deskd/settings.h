// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/deskd/mqtt_settings.h"

namespace deskd {

// Budgets of one script. [limits] of deskd.toml gives the defaults, [limits] of NAME.toml overrides them.
struct Limits {
  unsigned turnMs = 2000;
  unsigned heapMib = 64;
  unsigned memoryMib = 128;
  unsigned storageKib = 1024;
  unsigned cpuPercent = 50;  // of one CPU, over a minute
  unsigned handles = 1000;   // open at a time: ports, lines, buses, subscriptions, timers
  unsigned publishesPerS = 100;
  unsigned subscriptions = 100;
  unsigned logLinesPerS = 100;
};

// What a script may reach beyond its own device: [permissions] of NAME.toml. A list that is not there is the
// default, which is every device, every topic to listen to, and no topic of others to publish to.
struct Permissions {
  std::vector<std::string> lines{"*"};
  std::vector<std::string> i2c{"*"};
  std::vector<std::string> serial{"*"};
  std::vector<std::string> publish;         // topic filters
  std::vector<std::string> subscribe{"#"};  // topic filters
};

// What deskd.toml and its drop-ins say, defaults filled in and ranges checked.
struct Settings {
  std::string node;  // [a-z0-9-]; the host's name, folded, unless set
  MqttSettings mqtt;
  std::string scriptsDirectory = "/etc/deskd/scripts";
  std::string libraryDirectory = "/usr/share/deskd/scripts";
  std::string stateDirectory = "/var/lib/deskd";
  Limits limits;
  std::map<std::string, std::string> places;  // of each key that a file sets: "FILE:LINE:COLUMN"
};

// What could be read of them, and what is wrong.
struct SettingsFound {
  Settings settings;
  std::vector<std::string> mistakes;  // as those of SettingsError
  bool scriptsDirectoryKnown = true;  // no mistake leaves it in doubt
};

// NAME.toml beside a script: what deskd itself understands, and everything as JSON for the script.
struct ScriptSettings {
  std::optional<std::string>
      device;  // `device`: id under which the hub knows it, [a-z0-9-]; else the script's name
  std::optional<std::string> title;  // `title`: how the hub shows it
  Limits limits;
  Permissions permissions;
  // The file as a JSON object, without [limits] and [permissions]; dates and times are ISO 8601 strings. "{}"
  // without a file.
  std::string json = "{}";
};

// One or more mistakes in settings files. what() has a line for each: "FILE:LINE:COLUMN: key: expected ...,
// found ...".
class SettingsError : public std::runtime_error {
 public:
  explicit SettingsError(std::vector<std::string> mistakes);
  const std::vector<std::string>& mistakes() const { return mistakes_; }

 private:
  std::vector<std::string> mistakes_;
};

enum class MissingFile { meansDefaults, isAnError };

// Reads `path` ("/etc/deskd/deskd.toml") and then `path`.d/*.toml in name order; later files win key by key.
SettingsFound readSettings(const std::string& path, MissingFile missing = MissingFile::meansDefaults);
// The same; throws SettingsError with every mistake found in all of them.
Settings loadSettings(const std::string& path, MissingFile missing = MissingFile::meansDefaults);

// Reads the settings beside a script. A file that does not exist gives `defaults` and no settings.
ScriptSettings loadScriptSettings(const std::string& path, const Limits& defaults);

// The id of a script's device: `device` of the settings beside it, else the script's name, folded. Nothing if
// that cannot be told because the file cannot be read; other mistakes in it do not matter.
std::optional<std::string> scriptDevice(const std::string& path, const std::string& script);

// "Büro PC.local" -> "b-ro-pc": lower case, the first label only, each run of anything else one dash.
std::string foldName(const std::string& name);
// Whether this can be a node, device or property: [a-z0-9-], 1 to 64 characters, no dash at either end.
bool isId(const std::string& text);

}  // namespace deskd
