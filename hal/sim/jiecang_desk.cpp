// SPDX-License-Identifier: Apache-2.0
// The desk over time, and what a person does to it. What it makes of commands is in jiecang_commands.cpp.
#include "hal/sim/jiecang_desk.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "hal/sim/hex.h"

namespace deskd {
namespace {

constexpr std::uint64_t kReportMs = 200;
constexpr std::uint64_t kSpacingMs = 21;  // captured by danieltwagner, see tests/vectors
constexpr unsigned kReportsAfterStop = 2;
constexpr std::uint64_t kBootMs = 1000;        // "after mains power-up (< 1 s) a settings request is ignored"
constexpr std::uint64_t kWakeMs = 10;          // the bytes that wake it are lost, and what comes close behind
constexpr std::uint64_t kHandsetTurnMs = 300;  // the box itself stops before it reverses
constexpr std::uint64_t kHandsetRepeatMs = 200;

FramingOptions commandFraming() {
  FramingOptions options;
  options.kind = FramingKind::length;
  options.max = 32;
  options.start = {0xF1, 0xF1};
  options.lengthAt = 3;
  options.extra = 6;
  options.checksum = Checksum::sum8;
  options.end = {0x7E};
  options.idleMs = 20;
  return options;
}

const JiecangOptions& checked(const JiecangOptions& options) {
  const bool sane = options.minMm < options.maxMm && options.heightMm >= options.minMm &&
                    options.heightMm <= options.maxMm && options.speedMmPerS > 0;
  if (!sane)
    throw std::invalid_argument(
        "simulated desk: expected min <= height <= max, min < max and a speed over 0");
  return options;
}

const char* travelName(Travel travel) {
  return travel == Travel::up ? "up" : travel == Travel::down ? "down" : "still";
}

void earliest(std::optional<std::uint64_t>& result, std::optional<std::uint64_t> candidate) {
  if (candidate && (!result || *candidate < *result)) result = candidate;
}

}  // namespace

JiecangDesk::JiecangDesk(const JiecangOptions& options, std::uint64_t nowMs, Observer observer)
    : options_(checked(options)),
      observer_(std::move(observer)),
      nowMs_(nowMs),
      plant_(options.heightMm, options.speedMmPerS, nowMs),
      output_(options.split, options.noise, options.seed, kSpacingMs),
      framer_(makeFramer(commandFraming())),
      sink_([this](std::span<const std::uint8_t> frame) { onFrame(frame); }),
      units_(options.units),
      gotoMode_(options.gotoMode),
      presetsMm_(options.presetsMm),
      locked_(options.locked),
      asleep_(options.asleepAfterMs > 0),
      activeMs_(nowMs),
      homing_(options.needsHoming ? Homing::lost : Homing::none),
      resetShown_(options.needsHoming) {
  output_.pushBreak(nowMs);
  if (needsHoming() && !asleep_) resetAtMs_ = nowMs;
  tell("height", std::to_string(std::lround(heightMm())));
}

void JiecangDesk::tell(std::string_view what, std::string_view value) {
  if (observer_) observer_(nowMs_, std::string(what) + " " + std::string(value));
}

void JiecangDesk::receive(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) {
  happenUntil(nowMs);
  if (bytes.empty()) return;
  if (asleep_) wake();
  if (nowMs_ < deafUntilMs_) {
    tell("lost", upperHex(bytes));
    framer_->reset();
    return;
  }
  framer_->feed(bytes, nowMs_, sink_);
}

void JiecangDesk::advance(std::uint64_t nowMs, const Sink& sink) {
  happenUntil(nowMs);
  output_.flush(nowMs_, [&](const FrameOutput::Chunk& chunk) {
    if (!chunk.frame.empty()) tell("tx", upperHex(chunk.frame));
    if (chunk.noise) tell("noise", upperHex(chunk.line));
    sink(chunk.line);
  });
}

std::optional<std::uint64_t> JiecangDesk::nextEventMs() const {
  std::optional<std::uint64_t> next = nextInternalMs();
  earliest(next, output_.nextMs());
  return next;
}

std::optional<std::uint64_t> JiecangDesk::nextInternalMs() const {
  std::optional<std::uint64_t> next = plant_.arrivalMs();
  earliest(next, reportAtMs_);
  earliest(next, resetAtMs_);
  earliest(next, homingStopMs_);
  earliest(next, handsetActsMs_);
  earliest(next, framer_->deadlineMs());
  const bool idle = travel() == Travel::still && !reportAtMs_ && !held_;
  if (!asleep_ && options_.asleepAfterMs > 0 && idle) earliest(next, activeMs_ + options_.asleepAfterMs);
  return next;
}

// One event after the other, each at its own time, so that the result does not depend on how often this is
// called.
void JiecangDesk::happenUntil(std::uint64_t nowMs) {
  for (auto next = nextInternalMs(); next && *next <= nowMs; next = nextInternalMs()) {
    nowMs_ = std::max(nowMs_, *next);
    const bool moved = travel() != Travel::still;
    plant_.advance(nowMs_);
    if (moved && travel() == Travel::still) stopped();
    happen();
  }
  nowMs_ = std::max(nowMs_, nowMs);
  plant_.advance(nowMs_);
}

void JiecangDesk::happen() {
  framer_->expire(nowMs_, sink_);
  if (homingStopMs_ && *homingStopMs_ <= nowMs_) {
    homingStopMs_.reset();
    halt();
  }
  if (handsetActsMs_ && *handsetActsMs_ <= nowMs_) {
    handsetActsMs_.reset();
    if (homing_ != Homing::none && held_ == HandsetKey::down) {
      homeDown();
      handsetActsMs_ = nowMs_ + kHandsetRepeatMs;
    } else if (homing_ == Homing::none && error_ == 0 && held_) {
      move(held_ == HandsetKey::up ? highestMm() : lowestMm());
    }
  }
  if (reportAtMs_ && *reportAtMs_ <= nowMs_) {
    reportAtMs_.reset();
    if (travel() != Travel::still || --lastReports_ > 0) reportAtMs_ = nowMs_ + kReportMs;
    if (homing_ == Homing::none) reportHeight();
    touch();
  }
  if (resetAtMs_ && *resetAtMs_ <= nowMs_) {
    resetAtMs_.reset();
    if (homing_ == Homing::lost && resetShown_) {
      report(0x04, {}, nowMs_);
      resetAtMs_ = nowMs_ + kReportMs;
    }
  }
  const bool idle = travel() == Travel::still && !reportAtMs_ && !held_;
  if (!asleep_ && options_.asleepAfterMs > 0 && idle && nowMs_ >= activeMs_ + options_.asleepAfterMs) {
    asleep_ = true;
    resetAtMs_.reset();
    tell("power", "asleep");
  }
}

void JiecangDesk::wake() {
  asleep_ = false;
  deafUntilMs_ = nowMs_ + kWakeMs;
  touch();
  output_.pushBreak(nowMs_);
  if (homing_ == Homing::lost && resetShown_) resetAtMs_ = nowMs_ + kReportMs;
  tell("power", "awake");
}

void JiecangDesk::move(double targetMm) {
  const Travel before = travel();
  plant_.moveTo(std::clamp(targetMm, homing_ == Homing::none ? lowestMm() : options_.minMm, highestMm()));
  touch();
  if (travel() == before) return;
  if (travel() == Travel::still) return stopped();
  lastTravel_ = travel();
  lastReports_ = 0;
  reportAtMs_ = nowMs_ + kReportMs;
  tell("moving", travelName(travel()));
}

void JiecangDesk::halt() {
  if (travel() == Travel::still) return;
  plant_.stop();
  haltedMs_ = nowMs_;
  stopped();
}

void JiecangDesk::stopped() {
  homingStopMs_.reset();
  touch();
  tell("height", std::to_string(std::lround(heightMm())));
  tell("moving", "still");
  if (homing_ == Homing::lost && heightMm() <= options_.minMm) seat();
  lastReports_ = kReportsAfterStop;
  reportAtMs_ = nowMs_;
}

void JiecangDesk::lose() {
  if (homing_ == Homing::none) tell("homing", "lost");
  homing_ = Homing::lost;
  reportAtMs_.reset();
}

void JiecangDesk::seat() {
  homing_ = Homing::seated;
  resetAtMs_.reset();
  homingStopMs_.reset();
  lastDowns_ = 0;
  tell("homing", "seated");
}

void JiecangDesk::pressHandset(HandsetKey key, std::uint64_t nowMs) {
  happenUntil(nowMs);
  if (asleep_) wake();
  touch();
  tell("handset", key == HandsetKey::up ? "up" : "down");
  held_ = key;
  handsetActsMs_.reset();
  if (locked_) return reply(0x02, {0x10});
  const Travel wanted = key == HandsetKey::up ? Travel::up : Travel::down;
  const bool turns = travel() != Travel::still && travel() != wanted;
  if (turns) halt();
  handsetActsMs_ = nowMs_ + (turns ? kHandsetTurnMs : 0);
  happenUntil(nowMs);
}

void JiecangDesk::tapPreset(unsigned slot, std::uint64_t nowMs) {
  happenUntil(nowMs);
  const auto target = presetsMm_.at(slot - 1);
  if (asleep_) wake();
  touch();
  tell("handset", "preset-" + std::to_string(slot));
  if (locked_) return reply(0x02, {0x10});
  if (travel() != Travel::still) return halt();
  if (target && homing_ == Homing::none && error_ == 0) move(*target);
}

void JiecangDesk::releaseHandset(std::uint64_t nowMs) {
  happenUntil(nowMs);
  tell("handset", "release");
  if (!held_) return;
  held_.reset();
  handsetActsMs_.reset();
  touch();
  halt();
}

void JiecangDesk::setLocked(bool locked, std::uint64_t nowMs) {
  happenUntil(nowMs);
  if (asleep_) wake();
  locked_ = locked;
  if (locked_) halt();
  touch();
  reply(0x1F, {static_cast<std::uint8_t>(locked_ ? 1 : 0)});
  tell("lock", locked_ ? "on" : "off");
}

void JiecangDesk::powerCycle(std::uint64_t nowMs) {
  happenUntil(nowMs);
  plant_.stop();
  output_.clear();
  framer_->reset();
  held_.reset();
  handsetActsMs_.reset();
  homingStopMs_.reset();
  reportAtMs_.reset();
  lastReports_ = 0;
  lastTravel_ = Travel::still;
  locked_ = false;
  error_ = 0;
  asleep_ = false;
  tell("power", "cycled");
  tell("height", std::to_string(std::lround(heightMm())));
  lose();
  resetShown_ = true;
  deafUntilMs_ = nowMs_ + kBootMs;
  resetAtMs_ = deafUntilMs_;
  activeMs_ = deafUntilMs_;
  output_.pushBreak(nowMs_);
}

void JiecangDesk::setReportsFrozen(bool frozen, std::uint64_t nowMs) {
  happenUntil(nowMs);
  frozenMm_ = frozen ? std::optional(heightMm()) : std::nullopt;
  tell("reports", frozen ? "frozen" : "live");
}

void JiecangDesk::raiseError(unsigned code, std::uint64_t nowMs) {
  happenUntil(nowMs);
  if (asleep_) wake();
  touch();
  tell("error", std::to_string(code));
  error_ = code;
  if (code == 0) return;
  halt();
  reply(0x02, {static_cast<std::uint8_t>(code)});
  if (code != 7) return;
  lose();
  resetShown_ = false;
}

}  // namespace deskd
