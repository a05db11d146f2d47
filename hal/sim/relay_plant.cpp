// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/relay_plant.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace deskd {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr double kNearestMm = 20;  // that the sensors can see
constexpr double kMostMm = 10'000;

std::uint64_t toMs(std::uint64_t ns) {
  return ns / kNsPerMs;
}

unsigned milliseconds(const PlantOptions& options, const std::string& key, unsigned fallback) {
  return static_cast<unsigned>(std::lround(options.number(key, fallback, 0, 60'000)));
}

RelayDeskOptions deskOptions(const PlantOptions& options) {
  options.requireKnown({"up",         "down",          "active-low",      "height-mm", "min-mm",
                        "max-mm",     "up-mm-s",       "down-mm-s",       "start-ms",  "coast-mm",
                        "contact-ms", "run-a",         "inrush-a",        "stall-a",   "offset-mm",
                        "bus",        "range-address", "current-address", "trigger",   "echo",
                        "hand-up",    "hand-down"});
  RelayDeskOptions desk;
  desk.minMm = options.number("min-mm", desk.minMm, 1, kMostMm);
  desk.maxMm = options.number("max-mm", desk.maxMm, 1, kMostMm);
  if (desk.maxMm <= desk.minMm) throw std::invalid_argument("max-mm: expected more than min-mm");
  desk.heightMm = options.number("height-mm", desk.heightMm, desk.minMm, desk.maxMm);
  desk.upMmPerS = options.number("up-mm-s", desk.upMmPerS, 1, 10'000);
  desk.downMmPerS = options.number("down-mm-s", desk.downMmPerS, 1, 10'000);
  desk.startMs = milliseconds(options, "start-ms", desk.startMs);
  desk.coastMm = options.number("coast-mm", desk.coastMm, 0, 100);
  desk.contactMs = milliseconds(options, "contact-ms", desk.contactMs);
  desk.runA = options.number("run-a", desk.runA, 0, 100);
  desk.inrushA = options.number("inrush-a", desk.inrushA, 0, 100);
  desk.stallA = options.number("stall-a", desk.stallA, 0, 100);
  return desk;
}

std::optional<std::uint16_t> address(const PlantOptions& options, const std::string& key) {
  if (!options.has(key)) return std::nullopt;
  return static_cast<std::uint16_t>(std::lround(options.number(key, 0, 0x08, 0x77)));
}

PlantOptions ultrasonicOptions(const PlantOptions& options) {
  return PlantOptions({{"trigger", options.requiredText("trigger")}, {"echo", options.requiredText("echo")}});
}

Travel directionNamed(const std::string& name, const std::string& value) {
  if (value == "up") return Travel::up;
  if (value == "down") return Travel::down;
  if (value == "none") return Travel::still;
  throw std::invalid_argument(name + ": expected one of up, down, none, found " + value);
}

const char* name(Travel travel) {
  return travel == Travel::up ? "up" : travel == Travel::down ? "down" : "still";
}

std::string tenths(double value) {
  return plantText(std::round(value * 10) / 10);
}

}  // namespace

RelayPlant::RelayPlant(PlantBoard& board, const PlantOptions& options, std::uint64_t nowNs)
    : board_(board),
      up_(options.requiredText("up")),
      down_(options.requiredText("down")),
      activeLow_(options.flag("active-low", false)),
      bus_(options.text("bus", "1")),
      rangeAddress_(address(options, "range-address")),
      currentAddress_(address(options, "current-address")),
      handUp_(options.text("hand-up", "")),
      handDown_(options.text("hand-down", "")),
      offsetMm_(options.number("offset-mm", 0, -kMostMm, kMostMm)),
      desk_(deskOptions(options), toMs(nowNs)) {
  if (options.has("trigger") || options.has("echo"))
    ultrasonic_.emplace(board, ultrasonicOptions(options), nowNs);
  for (const std::string& line : {up_, down_}) {
    board_.watch(line);
    onLevel(line, board_.level(line), nowNs);
  }
  setHand(Travel::still, nowNs);
}

void RelayPlant::onLevel(const std::string& line, bool level, std::uint64_t nowNs) {
  if (line == up_) desk_.setRelay(Travel::up, level != activeLow_, toMs(nowNs));
  if (line == down_) desk_.setRelay(Travel::down, level != activeLow_, toMs(nowNs));
  if (line == up_ || line == down_)
    show(nowNs);
  else if (ultrasonic_)
    ultrasonic_->onLevel(line, level, nowNs);
}

void RelayPlant::advance(std::uint64_t nowNs) {
  desk_.advance(toMs(nowNs));
  show(nowNs);
  if (ultrasonic_) ultrasonic_->advance(nowNs);
}

std::optional<std::uint64_t> RelayPlant::nextNs() const {
  std::optional<std::uint64_t> next;
  if (const auto ms = desk_.nextMs()) next = *ms * kNsPerMs;
  if (ultrasonic_) {
    const auto echo = ultrasonic_->nextNs();
    if (echo && (!next || *echo < *next)) next = echo;
  }
  return next;
}

void RelayPlant::show(std::uint64_t nowNs) {
  if (!frozen_) distanceMm_ = std::max(kNearestMm, desk_.heightMm() - offsetMm_);
  if (ultrasonic_) ultrasonic_->set("distance", plantText(distanceMm_), nowNs);
  if (rangeAddress_) board_.setI2c(bus_, *rangeAddress_, "distance", distanceMm_);
  if (currentAddress_) board_.setI2c(bus_, *currentAddress_, "current", desk_.currentA());
}

void RelayPlant::setHand(Travel direction, std::uint64_t nowNs) {
  desk_.setHand(direction, toMs(nowNs));
  if (!handUp_.empty()) board_.drive(handUp_, direction != Travel::up);
  if (!handDown_.empty()) board_.drive(handDown_, direction != Travel::down);
}

void RelayPlant::set(const std::string& name, const std::string& value, std::uint64_t nowNs) {
  const std::uint64_t nowMs = toMs(nowNs);
  if (name == "hand") {
    setHand(directionNamed(name, value), nowNs);
  } else if (name == "obstacle") {
    desk_.setObstacle(value == "none" ? std::nullopt : std::optional(plantNumber(name, value, 1, kMostMm)),
                      nowMs);
  } else if (name == "welded") {
    desk_.setWelded(directionNamed(name, value), nowMs);
  } else if (name == "motor") {
    desk_.setMotor(plantFlag(name, value), nowMs);
  } else if (name == "frozen") {
    frozen_ = plantFlag(name, value);
  } else if (name == "echo" && ultrasonic_) {
    ultrasonic_->set("connected", value, nowNs);
  } else if (name == "contact-ms") {
    desk_.setContactMs(static_cast<unsigned>(std::lround(plantNumber(name, value, 0, 60'000))));
  } else if (name == "height") {
    desk_.setHeight(plantNumber(name, value, 1, kMostMm), nowMs);
  } else {
    throw std::invalid_argument(
        "set: expected one of hand, obstacle, welded, motor, frozen, echo (of an ultrasonic sensor), "
        "contact-ms, height, found " +
        name);
  }
  show(nowNs);
}

std::string RelayPlant::get(const std::string& name, std::uint64_t) const {
  if (name == "height") return tenths(desk_.heightMm());
  if (name == "travel") return deskd::name(desk_.travel());
  if (name == "current") return tenths(desk_.currentA());
  if (name == "distance") return tenths(distanceMm_);
  if (name == "up" || name == "down")
    return desk_.contact(name == "up" ? Travel::up : Travel::down) ? "1" : "0";
  if (name == "shorts") return std::to_string(desk_.shorts());
  if (name == "reversals") return std::to_string(desk_.reversals());
  throw std::invalid_argument(
      "get: expected one of height, travel, current, distance, up, down, shorts, reversals, found " + name);
}

std::unique_ptr<SimPlant> makeRelayPlant(PlantBoard& board, const PlantOptions& options,
                                         std::uint64_t nowNs) {
  return std::make_unique<RelayPlant>(board, options, nowNs);
}

}  // namespace deskd
