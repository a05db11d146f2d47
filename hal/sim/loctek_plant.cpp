// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/loctek_plant.h"

#include <cmath>
#include <stdexcept>

namespace deskd {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

std::uint64_t toMs(std::uint64_t ns) {
  return ns / kNsPerMs;
}

unsigned wholeNumber(const PlantOptions& options, const std::string& key, unsigned fallback, unsigned most) {
  return static_cast<unsigned>(std::lround(options.number(key, fallback, 0, most)));
}

LoctekOptions deskOptions(const PlantOptions& options) {
  options.requireKnown(
      {"line",        "motion-line",  "port",        "height-mm", "min-mm",          "max-mm",
       "speed-mm-s",  "coast-mm",     "tap-mm",      "wake-ms",   "asleep-after-ms", "preset-1-mm",
       "preset-2-mm", "preset-3-mm",  "preset-4-mm", "inches",    "long-display",    "locked",
       "needs-reset", "keys-on-line", "noise"});
  LoctekOptions desk;
  desk.minMm = options.number("min-mm", desk.minMm, 1, 10'000);
  desk.maxMm = options.number("max-mm", desk.maxMm, 1, 10'000);
  desk.heightMm = options.number("height-mm", desk.heightMm, 1, 10'000);
  desk.speedMmPerS = options.number("speed-mm-s", desk.speedMmPerS, 1, 10'000);
  desk.coastMm = options.number("coast-mm", desk.coastMm, 0, 100);
  desk.tapMm = options.number("tap-mm", desk.tapMm, 0, 100);
  desk.wakeMs = wholeNumber(options, "wake-ms", desk.wakeMs, 60'000);
  desk.asleepAfterMs = wholeNumber(options, "asleep-after-ms", desk.asleepAfterMs, 3'600'000);
  for (std::size_t slot = 0; slot < desk.presetsMm.size(); ++slot) {
    const std::string key = "preset-" + std::to_string(slot + 1) + "-mm";
    if (options.has(key)) desk.presetsMm[slot] = options.number(key, 0, desk.minMm, desk.maxMm);
  }
  if (options.flag("inches", false)) desk.units = LoctekUnits::inch;
  desk.longDisplay = options.flag("long-display", false);
  desk.locked = options.flag("locked", false);
  desk.needsReset = options.flag("needs-reset", false);
  desk.keysOnLine = options.flag("keys-on-line", false);
  desk.noise = options.flag("noise", false);
  return desk;
}

struct KeyName {
  const char* name;
  unsigned key;
};

constexpr KeyName kKeyNames[] = {
    {"none", 0},
    {"up", loctek::kUp},
    {"down", loctek::kDown},
    {"preset-1", loctek::kPreset1},
    {"preset-2", loctek::kPreset2},
    {"preset-3", loctek::kPreset3},
    {"preset-4", loctek::kPreset4},
    {"m", loctek::kMemory},
    {"alarm", loctek::kAlarm},
};

unsigned keyNamed(const std::string& name) {
  std::string known;
  for (const KeyName& candidate : kKeyNames) {
    if (name == candidate.name) return candidate.key;
    known.append(known.empty() ? "" : ", ").append(candidate.name);
  }
  throw std::invalid_argument("keypad: expected some of " + known + " joined by +, found " + name);
}

unsigned keysNamed(const std::string& names) {
  unsigned keys = 0;
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find('+', at), names.size());
    keys |= keyNamed(names.substr(at, end - at));
    at = end + 1;
  }
  return keys;
}

const char* name(Travel travel) {
  return travel == Travel::up ? "up" : travel == Travel::down ? "down" : "still";
}

}  // namespace

LoctekPlant::LoctekPlant(PlantBoard& board, const PlantOptions& options, std::uint64_t nowNs)
    : board_(board),
      port_(options.text("port", "loctek")),
      motionLine_(options.text("motion-line", "")),
      desk_(deskOptions(options), toMs(nowNs),
            [this](std::uint64_t, std::string_view what) { happened(what); }),
      path_(board.addSerial(port_)) {
  const std::string line = options.requiredText("line");
  board_.watch(line);
  if (!motionLine_.empty()) board_.drive(motionLine_, false);
  desk_.setPin20(board_.level(line), toMs(nowNs));
}

void LoctekPlant::happened(std::string_view what) {
  if (motionLine_.empty() || !what.starts_with("moving ")) return;
  board_.drive(motionLine_, what != "moving still");
}

void LoctekPlant::onLevel(const std::string&, bool level, std::uint64_t nowNs) {
  desk_.setPin20(level, toMs(nowNs));
}

void LoctekPlant::onSerial(const std::string&, std::span<const std::uint8_t> bytes, std::uint64_t nowNs) {
  desk_.receive(bytes, toMs(nowNs));
}

void LoctekPlant::advance(std::uint64_t nowNs) {
  desk_.advance(toMs(nowNs), [this](std::span<const std::uint8_t> line) { board_.writeSerial(port_, line); });
}

std::optional<std::uint64_t> LoctekPlant::nextNs() const {
  const auto next = desk_.nextEventMs();
  if (!next) return std::nullopt;
  return *next * kNsPerMs;
}

void LoctekPlant::set(const std::string& name, const std::string& value, std::uint64_t nowNs) {
  const std::uint64_t nowMs = toMs(nowNs);
  if (name == "keypad") return desk_.pressKeypad(keysNamed(value), nowMs);
  if (name == "lock") return desk_.setLocked(plantFlag(name, value), nowMs);
  if (name == "error")
    return desk_.raiseError(static_cast<unsigned>(std::lround(plantNumber(name, value, 0, 99))), nowMs);
  if (name == "show") return desk_.show(value, nowMs);
  if (name == "timer")
    return desk_.setTimer(static_cast<int>(std::lround(plantNumber(name, value, -1, 99))), nowMs);
  if (name == "mute") return desk_.setMute(plantFlag(name, value), nowMs);
  throw std::invalid_argument("set: expected one of keypad, lock, error, show, timer, mute, found " + name);
}

std::string LoctekPlant::get(const std::string& name, std::uint64_t) const {
  if (name == "path") return path_;
  if (name == "height") return std::to_string(std::lround(desk_.heightMm()));
  if (name == "travel") return deskd::name(desk_.travel());
  if (name == "awake") return desk_.awake() ? "1" : "0";
  if (name == "pin20") return desk_.pin20() ? "1" : "0";
  if (name == "display") return desk_.display();
  if (name == "reset") return desk_.needsReset() ? "1" : "0";
  if (name == "violations") return std::to_string(desk_.violations().size());
  if (name == "violation") return desk_.violations().empty() ? "" : desk_.violations().back();
  throw std::invalid_argument(
      "get: expected one of path, height, travel, awake, pin20, display, reset, violations, violation, "
      "found " +
      name);
}

std::unique_ptr<SimPlant> makeLoctekPlant(PlantBoard& board, const PlantOptions& options,
                                          std::uint64_t nowNs) {
  return std::make_unique<LoctekPlant>(board, options, nowNs);
}

}  // namespace deskd
