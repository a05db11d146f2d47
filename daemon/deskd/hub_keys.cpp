// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub_keys.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace deskd {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;
using Expected = std::function<std::string(const json&)>;

Expected text() {
  return [](const json& value) {
    return value.is_string() && !value.get<std::string>().empty() ? "" : "a text";
  };
}

Expected textOrNull() {
  return [](const json& value) { return value.is_string() || value.is_null() ? "" : "a text or null"; };
}

Expected flag() {
  return [](const json& value) { return value.is_boolean() ? "" : "true or false"; };
}

Expected number() {
  return [](const json& value) { return value.is_number() ? "" : "a number"; };
}

// A JavaScript number may come as 5.0.
bool isWhole(const json& value) {
  return value.is_number() && std::nearbyint(value.get<double>()) == value.get<double>();
}

Expected whole() {
  return [](const json& value) { return isWhole(value) ? "" : "a whole number"; };
}

Expected wholeFrom(int least) {
  return [least](const json& value) {
    const bool right = isWhole(value) && value.get<double>() >= least;
    return right ? std::string() : "a whole number from " + std::to_string(least) + " on";
  };
}

Expected atLeast(double least, const char* words) {
  return [least, words](const json& value) {
    return value.is_number() && value.get<double>() >= least ? std::string() : std::string(words);
  };
}

Expected icon() {
  return [](const json& value) {
    const bool right = value.is_string() && value.get<std::string>().find(':') != std::string::npos;
    return right ? "" : "an icon such as \"mdi:desk\"";
  };
}

Expected wordOf(Words words) {
  return [words = std::move(words)](const json& value) {
    const bool right =
        value.is_string() && std::find(words.begin(), words.end(), value.get<std::string>()) != words.end();
    return right ? std::string() : oneOf(words);
  };
}

// A list of different texts, none of which Home Assistant reads as something else.
Expected wordList(bool noneIsUnknown) {
  return [noneIsUnknown](const json& value) -> std::string {
    constexpr const char* wanted = "a list of different texts, at least one";
    if (!value.is_array() || value.empty()) return wanted;
    std::set<std::string> seen;
    for (const json& word : value) {
      if (!word.is_string() || word.get<std::string>().empty()) return wanted;
      std::string lower = word.get<std::string>();
      if (!seen.insert(lower).second) return wanted;
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](unsigned char c) { return std::tolower(c); });
      if (noneIsUnknown && lower == "none")
        return "no option named \"none\", which a hub reads as \"unknown\"";
    }
    return "";
  };
}

const Words& numericClasses() {
  static const Words words{"apparent_power",
                           "aqi",
                           "area",
                           "atmospheric_pressure",
                           "battery",
                           "blood_glucose_concentration",
                           "carbon_dioxide",
                           "carbon_monoxide",
                           "conductivity",
                           "current",
                           "data_rate",
                           "data_size",
                           "distance",
                           "duration",
                           "energy",
                           "energy_distance",
                           "energy_storage",
                           "frequency",
                           "gas",
                           "humidity",
                           "illuminance",
                           "irradiance",
                           "moisture",
                           "monetary",
                           "nitrogen_dioxide",
                           "nitrogen_monoxide",
                           "nitrous_oxide",
                           "ozone",
                           "ph",
                           "pm1",
                           "pm10",
                           "pm25",
                           "power",
                           "power_factor",
                           "precipitation",
                           "precipitation_intensity",
                           "pressure",
                           "reactive_power",
                           "signal_strength",
                           "sound_pressure",
                           "speed",
                           "sulphur_dioxide",
                           "temperature",
                           "volatile_organic_compounds",
                           "volatile_organic_compounds_parts",
                           "voltage",
                           "volume",
                           "volume_flow_rate",
                           "volume_storage",
                           "water",
                           "weight",
                           "wind_speed"};
  return words;
}

Words sensorClasses() {
  Words words = numericClasses();
  words.insert(words.end(), {"date", "enum", "timestamp"});
  return words;
}

std::vector<HubKey> withCommon(std::vector<HubKey> keys, Words categories) {
  keys.push_back({"name", "name", textOrNull()});
  keys.push_back({"icon", "ic", icon()});
  keys.push_back({"entity_category", "ent_cat", wordOf(std::move(categories))});
  keys.push_back({"entity_picture", "ent_pic", text()});
  keys.push_back({"enabled_by_default", "en", flag()});
  return keys;
}

std::map<std::string, std::vector<HubKey>> makeKeys() {
  // Home Assistant refuses to add a sensor that calls itself configuration.
  const Words diagnostic{"diagnostic"};
  const Words both{"config", "diagnostic"};
  std::map<std::string, std::vector<HubKey>> keys;
  keys["cover"] = withCommon({{"device_class", "dev_cla",
                               wordOf({"awning", "blind", "curtain", "damper", "door", "garage", "gate",
                                       "shade", "shutter", "window"})},
                              {"optimistic", "opt", flag()},
                              {"position_open", "pos_open", whole()},
                              {"position_closed", "pos_clsd", whole()}},
                             both);
  keys["sensor"] =
      withCommon({{"device_class", "dev_cla", wordOf(sensorClasses())},
                  {"state_class", "stat_cla", wordOf({"measurement", "total", "total_increasing"})},
                  {"unit_of_measurement", "unit_of_meas", text()},
                  {"suggested_display_precision", "sug_dsp_prc", wholeFrom(0)},
                  {"expire_after", "exp_aft", wholeFrom(0)},
                  {"force_update", "frc_upd", flag()},
                  {"options", "ops", wordList(false)}},
                 diagnostic);
  keys["number"] = withCommon({{"min", "min", number()},
                               {"max", "max", number()},
                               {"step", "step", atLeast(0.001, "a number of at least 0.001")},
                               {"mode", "mode", wordOf({"auto", "box", "slider"})},
                               {"device_class", "dev_cla", wordOf(numericClasses())},
                               {"unit_of_measurement", "unit_of_meas", text()},
                               {"optimistic", "opt", flag()}},
                              both);
  keys["select"] = withCommon({{"options", "ops", wordList(true)}, {"optimistic", "opt", flag()}}, both);
  keys["button"] = withCommon({{"device_class", "dev_cla", wordOf({"identify", "restart", "update"})},
                               {"payload_press", "pl_prs", text()}},
                              both);
  keys["binary_sensor"] = withCommon({{"device_class", "dev_cla",
                                       wordOf({"battery",
                                               "battery_charging",
                                               "carbon_monoxide",
                                               "cold",
                                               "connectivity",
                                               "door",
                                               "garage_door",
                                               "gas",
                                               "heat",
                                               "light",
                                               "lock",
                                               "moisture",
                                               "motion",
                                               "moving",
                                               "occupancy",
                                               "opening",
                                               "plug",
                                               "power",
                                               "presence",
                                               "problem",
                                               "running",
                                               "safety",
                                               "smoke",
                                               "sound",
                                               "tamper",
                                               "update",
                                               "vibration",
                                               "window"})},
                                      {"off_delay", "off_dly", wholeFrom(1)},
                                      {"expire_after", "exp_aft", wholeFrom(0)},
                                      {"force_update", "frc_upd", flag()}},
                                     diagnostic);
  keys["switch"] = withCommon(
      {{"device_class", "dev_cla", wordOf({"outlet", "switch"})}, {"optimistic", "opt", flag()}}, both);
  keys["event"] = withCommon({{"device_class", "dev_cla", wordOf({"button", "doorbell", "motion"})},
                              {"event_types", "evt_typ", wordList(false)}},
                             both);
  return keys;
}

const std::map<std::string, std::vector<HubKey>>& allKeys() {
  static const std::map<std::string, std::vector<HubKey>> keys = makeKeys();
  return keys;
}

}  // namespace

std::string oneOf(const std::vector<std::string>& words) {
  constexpr std::size_t mostListed = 16;
  std::string list = words.size() == 1 ? "" : "one of ";
  for (std::size_t i = 0; i < words.size() && i < mostListed; ++i)
    list += (i > 0 ? ", \"" : "\"") + words[i] + "\"";
  return words.size() > mostListed ? list + ", ..." : list;
}

const std::vector<HubKey>* hubKeys(const std::string& component) {
  const auto found = allKeys().find(component);
  return found == allKeys().end() ? nullptr : &found->second;
}

std::vector<std::string> hubComponents() {
  std::vector<std::string> names;
  for (const auto& [name, keys] : allKeys())
    names.push_back(name);
  return names;
}

std::string reservedKeyReason(const std::string& key) {
  static const std::set<std::string> topics{"t",         "cmd_t",       "stat_t", "pos_t",
                                            "set_pos_t", "json_attr_t", "avty_t", "topic"};
  static const std::set<std::string> ours{"unique_id",
                                          "uniq_id",
                                          "device",
                                          "dev",
                                          "origin",
                                          "o",
                                          "availability",
                                          "avty",
                                          "avty_mode",
                                          "platform",
                                          "p",
                                          "qos",
                                          "encoding",
                                          "object_id",
                                          "obj_id",
                                          "pl_avail",
                                          "pl_not_avail",
                                          "payload_available",
                                          "payload_not_available",
                                          "availability_mode",
                                          "message_expiry_interval",
                                          "default_entity_id",
                                          "def_ent_id",
                                          "~"};
  static const std::set<std::string> words{
      "payload_on",    "pl_on",        "payload_off",  "pl_off",    "payload_open",  "pl_open",
      "payload_close", "pl_cls",       "payload_stop", "pl_stop",   "payload_reset", "pl_rst",
      "state_on",      "stat_on",      "state_off",    "stat_off",  "state_open",    "stat_open",
      "state_opening", "stat_opening", "state_closed", "stat_clsd", "state_closing", "stat_closing",
      "state_stopped", "stat_stopped"};
  if (topics.contains(key) || key.ends_with("_topic")) return "topics are deskd's";
  if (key.ends_with("_template") || key.ends_with("_tpl"))
    return "values are published plain, without templates";
  if (key == "retain" || key == "ret") return "commands are never retained";
  if (ours.contains(key)) return "deskd sets it";
  if (words.contains(key)) return "deskd fixes these words";
  return "";
}

std::vector<std::string> unitsOf(const std::string& deviceClass) {
  static const std::map<std::string, Words> units{
      {"battery", {"%"}},
      {"carbon_dioxide", {"ppm"}},
      {"current",
       {"A", "mA",
        "\xc2\xb5"
        "A"}},
      {"distance", {"cm", "ft", "in", "km", "m", "mi", "mm", "nmi", "yd"}},
      {"duration", {"d", "h", "min", "s", "ms", "\xc2\xb5s"}},
      {"frequency", {"Hz", "kHz", "MHz", "GHz"}},
      {"humidity", {"%"}},
      {"illuminance", {"lx"}},
      {"moisture", {"%"}},
      {"power", {"mW", "W", "kW", "MW", "GW", "TW"}},
      {"signal_strength", {"dB", "dBm"}},
      {"speed",
       {"ft/s", "in/d", "in/h", "in/s", "km/h", "kn", "m/min", "m/s", "mm/d", "mm/h", "mm/s", "mph"}},
      {"temperature",
       {"\xc2\xb0"
        "C",
        "\xc2\xb0"
        "F",
        "K"}},
      {"voltage", {"\xc2\xb5V", "mV", "V", "kV", "MV"}},
      {"weight", {"kg", "g", "mg", "\xc2\xb5g", "oz", "lb", "st"}}};
  const auto found = units.find(deviceClass);
  return found == units.end() ? Words() : found->second;
}

}  // namespace deskd
