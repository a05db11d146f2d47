// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub_checked.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "daemon/deskd/hub.h"
#include "daemon/deskd/hub_keys.h"
#include "daemon/deskd/settings.h"
#include "hal/base/nearest.h"

namespace deskd {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw std::invalid_argument(where + ": " + what);
}

std::string shown(const json& value) {
  constexpr std::size_t most = 80;
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() > most ? text.substr(0, most) + "..." : text;
}

json parse(const std::string& where, const std::string& text) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) refuse(where, "expected JSON, found \"" + text.substr(0, 80) + "\"");
  return value;
}

json parseObject(const std::string& where, const std::string& text) {
  if (text.size() > Hub::maxJsonBytes) {
    refuse(where, "expected at most " + std::to_string(Hub::maxJsonBytes) + " bytes, found " +
                      std::to_string(text.size()));
  }
  json value = parse(where, text);
  if (!value.is_object()) refuse(where, "expected an object, found " + shown(value));
  return value;
}

// Every key known, right and in its short form.
json checkConfig(const HubEntity& entity) {
  const json given = parseObject(entity.property, entity.config);
  const std::vector<HubKey>& keys = *hubKeys(entity.component);
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const HubKey& key : keys)
    names.push_back(key.name);
  json config = json::object();
  for (const auto& [name, value] : given.items()) {
    const std::string where = entity.property + "." + name;
    if ((name == "retain" || name == "ret") && value == false) continue;
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&n = name](const HubKey& k) { return k.name == n || k.shortName == n; });
    if (key == keys.end()) {
      const std::string reason = reservedKeyReason(name);
      if (!reason.empty()) refuse(where, "cannot be set: " + reason);
      const std::string meant = nearest(name, names);
      refuse(where,
             "is no key of a " + entity.component + (meant.empty() ? "" : "; did you mean " + meant + "?"));
    }
    if (name.ends_with("class") && value.is_null()) continue;  // as if it were left out
    const std::string expected = key->expected(value);
    if (!expected.empty()) refuse(where, "expected " + expected + ", found " + shown(value));
    if (config.contains(key->shortName))
      refuse(where, "is given twice, as " + key->name + " and " + key->shortName);
    config[key->shortName] = value;
  }
  return config;
}

void checkUnit(const HubEntity& entity, const json& config) {
  const std::string deviceClass = config.value("dev_cla", "");
  const std::vector<std::string> units = unitsOf(deviceClass);
  if (units.empty()) return;
  const std::string where = entity.property + ".unit_of_measurement";
  if (!config.contains("unit_of_meas"))
    refuse(where, "expected " + oneOf(units) + " for a " + deviceClass + ", found none");
  const std::string unit = config["unit_of_meas"];
  if (std::find(units.begin(), units.end(), unit) == units.end()) {
    refuse(where, "expected " + oneOf(units) + " for a " + deviceClass + ", found \"" + unit + "\"");
  }
}

void checkSensor(const HubEntity& entity, const json& config, CheckedEntity& checked) {
  checkUnit(entity, config);
  const std::string deviceClass = config.value("dev_cla", "");
  const bool wordy = deviceClass == "enum" || deviceClass == "date" || deviceClass == "timestamp";
  checked.numeric = !wordy && (config.contains("dev_cla") || config.contains("unit_of_meas") ||
                               config.contains("stat_cla") || config.contains("sug_dsp_prc"));
  constexpr int mostDecimals = 6;
  if (config.contains("sug_dsp_prc")) {
    checked.decimals = std::min(static_cast<int>(config["sug_dsp_prc"].get<double>()), mostDecimals);
  }
  if (config.contains("ops")) {
    if (deviceClass != "enum") refuse(entity.property + ".options", "expected device_class \"enum\" with it");
    checked.words = config["ops"].get<std::vector<std::string>>();
  }
  if (wordy && (config.contains("stat_cla") || config.contains("unit_of_meas"))) {
    refuse(entity.property, "a " + deviceClass + " has no unit_of_measurement and no state_class");
  }
}

void checkNumber(const HubEntity& entity, json& config, CheckedEntity& checked) {
  checkUnit(entity, config);
  checked.numeric = true;
  checked.min = config.value("min", 0.0);
  checked.max = config.value("max", 100.0);
  if (*checked.max <= *checked.min) {
    refuse(entity.property + ".max", "expected more than min, which is " + json(*checked.min).dump() +
                                         ", found " + json(*checked.max).dump());
  }
}

void checkCover(const HubEntity& entity, json& config, CheckedEntity& checked) {
  if (entity.hasPosition) {
    checked.positionProperty = entity.property == "cover" ? "position" : entity.property + "-position";
  }
  for (const char* key : {"pos_open", "pos_clsd"}) {
    if (!config.contains(key)) continue;
    if (!entity.hasPosition) refuse(entity.property, "position_open and position_closed need a position");
    config[key] = static_cast<int>(config[key].get<double>());
  }
  checked.positionOpen = config.value("pos_open", 100);
  checked.positionClosed = config.value("pos_clsd", 0);
  if (checked.positionOpen == checked.positionClosed) {
    refuse(entity.property + ".position_open", "expected another number than position_closed");
  }
}

std::string decimal(double value, std::optional<int> decimals) {
  // What binary fractions add (94.80000000000001) is noise: no quantity here has more than six decimals.
  constexpr double scale = 1e6;
  if (std::abs(value) < 1e9) value = std::round(value * scale) / scale;
  char text[512];
  const auto [end, error] =
      decimals ? std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, *decimals)
               : std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
  const std::string number = error == std::errc() ? std::string(text, end) : "None";
  const bool negativeZero = number.starts_with('-') && number.find_first_not_of("-0.") == std::string::npos;
  return negativeZero ? number.substr(1) : number;
}

// A whole number between the ends; an end itself only if the cover is really there.
std::string positionPayload(const CheckedEntity& entity, double value) {
  const int low = std::min(entity.positionClosed, entity.positionOpen);
  const int high = std::max(entity.positionClosed, entity.positionOpen);
  if (value <= low) return std::to_string(low);
  if (value >= high) return std::to_string(high);
  if (high - low < 2) return std::to_string(static_cast<int>(std::lround(value)));
  return std::to_string(std::clamp(static_cast<int>(std::lround(value)), low + 1, high - 1));
}

std::string flagPayload(const std::string& where, const json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "ON" : "OFF";
  if (value == "ON" || value == "OFF") return value;
  refuse(where, "expected true or false, found " + shown(value));
}

std::string wordPayload(const std::string& where, const json& value, const std::vector<std::string>& words) {
  if (!value.is_string()) refuse(where, "expected a text, found " + shown(value));
  std::string word = value;
  if (!words.empty() && std::find(words.begin(), words.end(), word) == words.end()) {
    refuse(where, "expected " + oneOf(words) + ", found " + shown(value));
  }
  if (word.empty()) refuse(where, "expected a text, found \"\"");
  if (word.size() > Hub::maxStateBytes) {
    refuse(where, "expected at most " + std::to_string(Hub::maxStateBytes) + " bytes, found " +
                      std::to_string(word.size()));
  }
  return word;
}

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

double parseNumber(const std::string& text, const std::string& expected) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  const std::string number = first == std::string::npos ? "" : text.substr(first, last - first + 1);
  double value = 0;
  const char* begin = number.data() + (number.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, number.data() + number.size(), value);
  if (number.empty() || error != std::errc() || end != number.data() + number.size() ||
      !std::isfinite(value)) {
    throw std::invalid_argument("expected " + expected + ", found " + shown(text));
  }
  return value;
}

}  // namespace

std::string displayName(const std::string& id) {
  std::string name = id;
  std::replace(name.begin(), name.end(), '-', ' ');
  if (!name.empty()) name[0] = upper(name.substr(0, 1))[0];
  return name;
}

CheckedEntity checkEntity(const HubEntity& entity) {
  if (!isId(entity.property)) {
    refuse("property \"" + entity.property + "\"",
           "expected 1 to 64 of a-z, 0-9 and -, with no - at either end");
  }
  if (entity.property == "attributes" || entity.property == "status" || entity.property == "script") {
    refuse("property \"" + entity.property + "\"", "expected another name: deskd has a topic of this one");
  }
  if (hubKeys(entity.component) == nullptr) {
    refuse(entity.property,
           "expected " + oneOf(hubComponents()) + " for its component, found \"" + entity.component + "\"");
  }
  json config = checkConfig(entity);
  CheckedEntity checked;
  checked.property = entity.property;
  checked.component = entity.component;
  const std::string& component = entity.component;
  checked.hasState = component != "button" && component != "event";
  checked.hasCommand = component == "cover" ? entity.hasCommand
                                            : component == "number" || component == "select" ||
                                                  component == "switch" || component == "button";
  checked.hasAttributes = component == "cover" || entity.hasAttributes;
  if (component == "sensor") checkSensor(entity, config, checked);
  if (component == "number") checkNumber(entity, config, checked);
  if (component == "cover") checkCover(entity, config, checked);
  if (component == "select") {
    if (!config.contains("ops")) refuse(entity.property + ".options", "expected a list of texts, found none");
    checked.words = config["ops"].get<std::vector<std::string>>();
  }
  if (component == "event") {
    if (!config.contains("evt_typ"))
      refuse(entity.property + ".event_types", "expected a list of texts, found none");
    checked.words = config["evt_typ"].get<std::vector<std::string>>();
  }
  if (component == "cover") checked.words = {"open", "opening", "closed", "closing", "stopped"};
  // A cover stands for the whole device and carries its name.
  if (!config.contains("name")) {
    config["name"] =
        component == "cover" && entity.property == "cover" ? json() : json(displayName(entity.property));
  }
  checked.config = config.dump();
  return checked;
}

std::string statePayload(const CheckedEntity& entity, const std::string& property,
                         const std::string& valueJson) {
  const json value = parse(property, valueJson);
  const bool isPosition = property == entity.positionProperty;
  if (!entity.hasState) refuse(property, "a " + entity.component + " has no state");
  if (value.is_null()) return "None";  // how a hub is told "unknown"
  if (isPosition) {
    if (!value.is_number()) refuse(property, "expected a number, found " + shown(value));
    return positionPayload(entity, value);
  }
  if (entity.component == "binary_sensor" || entity.component == "switch")
    return flagPayload(property, value);
  if (entity.numeric) {
    if (!value.is_number()) refuse(property, "expected a number, found " + shown(value));
    double number = value;
    if (entity.min) number = std::clamp(number, *entity.min, *entity.max);
    return decimal(number, entity.decimals);
  }
  if (entity.component == "sensor" && entity.words.empty() && value.is_number()) return decimal(value, {});
  return wordPayload(property, value, entity.words);
}

std::string commandPayload(const CheckedEntity& entity, const std::string& property,
                           const std::string& payload) {
  if (property == entity.positionProperty || entity.component == "number") {
    parseNumber(payload, "a number");
    return payload;
  }
  if (entity.component == "cover") {
    std::string word = upper(payload);
    if (word == "OPEN" || word == "CLOSE" || word == "STOP") return word;
    throw std::invalid_argument("expected OPEN, CLOSE or STOP, found " + shown(payload));
  }
  if (entity.component == "switch") {
    std::string word = upper(payload);
    if (word == "ON" || word == "OFF") return word;
    throw std::invalid_argument("expected ON or OFF, found " + shown(payload));
  }
  if (entity.component == "select") {
    const auto& words = entity.words;
    if (std::find(words.begin(), words.end(), payload) != words.end()) return payload;
    throw std::invalid_argument("expected " + oneOf(words) + ", found " + shown(payload));
  }
  return payload;  // a button: whatever it says, it was pressed
}

std::string eventPayload(const CheckedEntity& entity, const std::string& eventJson) {
  if (entity.component != "event") refuse(entity.property, "expected an event, it is a " + entity.component);
  const json event = parseObject(entity.property, eventJson);
  const std::string where = entity.property + ".event_type";
  if (!event.contains("event_type")) refuse(where, "expected " + oneOf(entity.words) + ", found none");
  wordPayload(where, event["event_type"], entity.words);
  return event.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace deskd
