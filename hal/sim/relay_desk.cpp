// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/relay_desk.h"

#include <algorithm>
#include <cmath>

namespace deskd {
namespace {

constexpr std::uint64_t kTellMs = 5;     // how often whoever watches a desk in motion looks
constexpr double kInrushMs = 60;         // in which what is above the running current falls to a third
constexpr double kShortA = 20;           // until something burns
constexpr double kReversedMmPerS = 0.5;  // slower than this is at rest

double signOf(Travel direction) {
  return direction == Travel::up ? 1 : direction == Travel::down ? -1 : 0;
}

}  // namespace

RelayDesk::RelayDesk(const RelayDeskOptions& options, std::uint64_t nowMs)
    : options_(options),
      nowMs_(nowMs),
      heightMm_(std::clamp(options.heightMm, options.minMm, options.maxMm)) {}

void RelayDesk::setRelay(Travel direction, bool on, std::uint64_t nowMs) {
  advance(nowMs);
  Relay& one = relay(direction);
  one.coil = on;
  if (one.coil == one.contact)
    one.changesAtMs.reset();
  else
    one.changesAtMs = nowMs_ + options_.contactMs;
  switchContacts();
  countShort();
  followPower();
}

void RelayDesk::setHand(Travel direction, std::uint64_t nowMs) {
  advance(nowMs);
  hand_ = direction;
  followPower();
}

void RelayDesk::setObstacle(std::optional<double> atMm, std::uint64_t nowMs) {
  advance(nowMs);
  obstacleMm_ = atMm;
  obstacleStops_ = !atMm ? Travel::still : *atMm >= heightMm_ ? Travel::up : Travel::down;
}

void RelayDesk::setWelded(Travel direction, std::uint64_t nowMs) {
  advance(nowMs);
  welded_ = direction;
  // A contact that is free again opens if its coil is off.
  for (const Travel each : {Travel::up, Travel::down}) {
    Relay& one = relay(each);
    if (each != welded_ && one.coil != one.contact && !one.changesAtMs) one.changesAtMs = nowMs_;
  }
  switchContacts();
  followPower();
}

void RelayDesk::setMotor(bool connected, std::uint64_t nowMs) {
  advance(nowMs);
  connected_ = connected;
  followPower();
}

void RelayDesk::setHeight(double heightMm, std::uint64_t nowMs) {
  advance(nowMs);
  heightMm_ = std::clamp(heightMm, options_.minMm, options_.maxMm);
}

void RelayDesk::switchContacts() {
  for (const Travel direction : {Travel::up, Travel::down}) {
    Relay& one = relay(direction);
    if (!one.changesAtMs || *one.changesAtMs > nowMs_) continue;
    one.changesAtMs.reset();
    if (one.coil || welded_ != direction) one.contact = one.coil;
  }
}

void RelayDesk::countShort() {
  const bool both = (up_.coil && down_.coil) || (up_.contact && down_.contact);
  if (both && !shorted_) ++shorts_;
  shorted_ = both;
}

Travel RelayDesk::power() const {
  const bool up = up_.contact || hand_ == Travel::up;
  const bool down = down_.contact || hand_ == Travel::down;
  if (up == down || !connected_) return Travel::still;
  return up ? Travel::up : Travel::down;
}

bool RelayDesk::atLimit(Travel direction) const {
  if (direction == Travel::up) return heightMm_ >= options_.maxMm;
  return direction == Travel::down && heightMm_ <= options_.minMm;
}

bool RelayDesk::atObstacle(Travel direction) const {
  if (!obstacleMm_ || direction != obstacleStops_) return false;
  return direction == Travel::up ? heightMm_ >= *obstacleMm_ : heightMm_ <= *obstacleMm_;
}

void RelayDesk::followPower() {
  const Travel now = power();
  if (now == powered_) return;
  powered_ = now;
  poweredMs_ = nowMs_;
  if (speedMmPerS_ * signOf(now) < -kReversedMmPerS) ++reversals_;
}

double RelayDesk::currentA() const {
  if (up_.contact && down_.contact) return kShortA;
  if (powered_ == Travel::still || atLimit(powered_)) return 0;
  if (atObstacle(powered_)) return options_.stallA;
  const auto sinceMs = static_cast<double>(nowMs_ - poweredMs_);
  return options_.runA + (options_.inrushA - options_.runA) * std::exp(-sinceMs / kInrushMs);
}

Travel RelayDesk::travel() const {
  return speedMmPerS_ > 0 ? Travel::up : speedMmPerS_ < 0 ? Travel::down : Travel::still;
}

// One millisecond.
void RelayDesk::step() {
  const double most = powered_ == Travel::down || speedMmPerS_ < 0 ? options_.downMmPerS : options_.upMmPerS;
  const bool driven = powered_ != Travel::still && !atLimit(powered_) && !atObstacle(powered_);
  const double wanted = driven ? signOf(powered_) * most : 0;
  const bool gathers = driven && speedMmPerS_ * wanted >= 0;
  double change = most;
  if (gathers && options_.startMs > 0) change = most / options_.startMs;
  if (!gathers && options_.coastMm > 0) change = most * most / (2 * options_.coastMm) / 1000;
  const double before = speedMmPerS_;
  speedMmPerS_ += std::clamp(wanted - speedMmPerS_, -change, change);
  heightMm_ += (before + speedMmPerS_) / 2 / 1000;
  const Travel direction = travel();
  if (atObstacle(direction)) {
    heightMm_ = *obstacleMm_;
    speedMmPerS_ = 0;
  }
  if (atLimit(direction)) speedMmPerS_ = 0;
  heightMm_ = std::clamp(heightMm_, options_.minMm, options_.maxMm);
  ++nowMs_;
}

void RelayDesk::advance(std::uint64_t nowMs) {
  while (nowMs_ < nowMs) {
    const auto contacts = [this] {
      std::optional<std::uint64_t> first = up_.changesAtMs;
      if (down_.changesAtMs && (!first || *down_.changesAtMs < *first)) first = down_.changesAtMs;
      return first;
    }();
    if (active())
      step();
    else
      nowMs_ = std::min(nowMs, contacts.value_or(nowMs));
    switchContacts();
    countShort();
    followPower();
  }
}

bool RelayDesk::active() const {
  return speedMmPerS_ != 0 || (powered_ != Travel::still && !atLimit(powered_));
}

std::optional<std::uint64_t> RelayDesk::nextMs() const {
  std::optional<std::uint64_t> next;
  const auto consider = [&next](std::uint64_t at) {
    if (!next || at < *next) next = at;
  };
  if (active()) consider(nowMs_ + kTellMs);
  for (const Relay* one : {&up_, &down_})
    if (one->changesAtMs) consider(*one->changesAtMs);
  return next;
}

}  // namespace deskd
