// SPDX-License-Identifier: Apache-2.0
// What the control box makes of the commands it receives.
#include <algorithm>
#include <cmath>

#include "hal/checksum.h"
#include "hal/sim/hex.h"
#include "hal/sim/jiecang_desk.h"

namespace deskd {
namespace {

constexpr double kStepMm = 14;
constexpr std::uint64_t kReplyMs = 13;
constexpr std::uint64_t kSettleMs = 100;      // from a stop to standing still
constexpr std::uint64_t kHomingHoldMs = 400;  // DOWN comes each 200 ms while it is held
constexpr std::uint64_t kHomingPauseMs = 1000;
constexpr unsigned kHomingDowns = 3;
constexpr std::size_t kMostViolations = 1000;
constexpr unsigned kErrorReversal = 7;
constexpr unsigned kErrorLocked = 0x10;
constexpr std::uint8_t kThirdByte[] = {0x07, 0x0F,
                                       0x20};  // seen as third byte of height reports, meaning unknown

std::uint16_t word(double value) {
  return static_cast<std::uint16_t>(std::clamp(std::lround(value), 0L, 0xFFFFL));
}

std::vector<std::uint8_t> bytesOf(std::uint16_t value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xFF)};
}

// Fitted to a Fully Jarvis: 5131 counts at 73.9 cm, 14638 at 122.7
// (SmartHomeGuys/DeskUp-Pro-Controller-RJ12).
double countsOf(double heightMm) {
  return (heightMm - 739) * (14638.0 - 5131.0) / (1227.0 - 739.0) + 5131;
}

std::optional<unsigned> slotOf(std::uint8_t command, const std::uint8_t (&commands)[4]) {
  for (unsigned slot = 1; slot <= 4; ++slot) {
    if (commands[slot - 1] == command) return slot;
  }
  return std::nullopt;
}

constexpr std::uint8_t kSave[4] = {0x03, 0x04, 0x25, 0x26};
constexpr std::uint8_t kRecall[4] = {0x05, 0x06, 0x27, 0x28};
constexpr std::uint8_t kPresetReport[4] = {0x25, 0x26, 0x27, 0x28};

}  // namespace

double JiecangDesk::lowestMm() const {
  return userMinMm_.value_or(options_.minMm);
}

double JiecangDesk::highestMm() const {
  return userMaxMm_.value_or(options_.maxMm);
}

void JiecangDesk::onFrame(std::span<const std::uint8_t> frame) {
  tell("rx", upperHex(frame));
  touch();
  const std::uint8_t command = frame[2];
  const auto params = frame.subspan(4, frame[3]);
  judge(command, params, frame);
  onCommand(command, params);
}

void JiecangDesk::judge(std::uint8_t command, std::span<const std::uint8_t> params,
                        std::span<const std::uint8_t> frame) {
  constexpr std::uint8_t kForbidden[] = {0x10, 0x11, 0x12, 0x21, 0x22, 0x91, 0xFE};
  const bool forbidden =
      std::find(std::begin(kForbidden), std::end(kForbidden), command) != std::end(kForbidden);
  const bool togglesLock = command == 0x1F && !params.empty() && params[0] == 0x01;
  if (forbidden || togglesLock) violation("forbidden command " + upperHex(frame));
}

void JiecangDesk::violation(const std::string& what) {
  if (violations_.size() < kMostViolations) violations_.push_back(what);
  tell("violation", what);
}

// Commands that none of these know are ignored, as are those whose parameters have the wrong size.
void JiecangDesk::onCommand(std::uint8_t command, std::span<const std::uint8_t> params) {
  if (onQuery(command, params)) return;
  if (const auto slot = slotOf(command, kSave); slot && params.empty()) {
    if (homing_ == Homing::none) presetsMm_[*slot - 1] = heightMm();
    return;
  }
  if (const auto slot = slotOf(command, kRecall); slot && params.empty()) return recall(*slot);
  switch (command) {
    case 0x01:
      return step(Travel::up);
    case 0x02:
      return step(Travel::down);
    case 0x0A:  // release: only what a key must be held for ends with it
      if (gotoMode_ == JiecangGoto::nudge && !held_) halt();
      return;
    case 0x1B:
      if (params.size() == 2) goTo(params[0] << 8 | params[1]);
      return;
    case 0x2B:
      if (!held_) halt();
      return;
    default:
      return;
  }
}

// True if it was a question, or something that only changes what questions are answered with.
bool JiecangDesk::onQuery(std::uint8_t command, std::span<const std::uint8_t> params) {
  const bool lost = homing_ != Homing::none;
  switch (command) {
    case 0x00:
    case 0x29:
      if (!lost) reportHeight();
      return true;
    case 0x07:
      for (unsigned slot = 1; slot <= 4; ++slot)
        reportPreset(slot);
      if (!lost) reportHeight();
      return true;
    case 0x08:
      reply(0x05, {0x00, 0x00});
      return true;
    case 0x09:
      reply(0x06, {0x01});
      return true;
    case 0x0C:
      reportLimits();
      return true;
    case 0x0E:  // setting them has no effect over this port
      reply(0x0E, {static_cast<std::uint8_t>(units_ == JiecangUnits::inch ? 1 : 0)});
      return true;
    case 0x19:
      if (params.size() == 1) gotoMode_ = params[0] == 1 ? JiecangGoto::nudge : JiecangGoto::moves;
      reply(0x19, {static_cast<std::uint8_t>(gotoMode_ == JiecangGoto::nudge ? 1 : 0)});
      return true;
    case 0x1C:
      reply(0x1C, {0x0A});
      return true;
    case 0x1D:  // write-only
      return true;
    case 0x1F:
      onLockCommand(params);
      return true;
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
      onLimitCommand(command, params);
      return true;
    default:
      return false;
  }
}

void JiecangDesk::onLockCommand(std::span<const std::uint8_t> params) {
  if (params.size() != 1) return;
  if (params[0] == 0x01) {
    locked_ = !locked_;
    if (locked_) halt();
    tell("lock", locked_ ? "on" : "off");
  }
  reply(0x1F, {static_cast<std::uint8_t>(locked_ ? 1 : 0)});
}

void JiecangDesk::onLimitCommand(std::uint8_t command, std::span<const std::uint8_t> params) {
  if (command == 0x21) userMaxMm_ = heightMm();
  if (command == 0x22) userMinMm_ = heightMm();
  if (command == 0x23) {
    if (params.empty() || params[0] == 1) userMaxMm_.reset();
    if (params.empty() || params[0] == 2) userMinMm_.reset();
  }
  const unsigned flags = (userMaxMm_ ? 0x01u : 0u) | (userMinMm_ ? 0x10u : 0u);
  reply(0x20, {static_cast<std::uint8_t>(flags)});
  if (userMaxMm_) reply(0x21, bytesOf(word(*userMaxMm_)));
  if (userMinMm_) reply(0x22, bytesOf(word(*userMinMm_)));
}

// Whether a command may set the legs in motion; answers with the reason if not.
bool JiecangDesk::mayMove(Travel wanted) {
  if (locked_) {
    reply(0x02, {kErrorLocked});
    reply(0x1F, {0x01});
    return false;
  }
  if (held_) return false;
  if (error_ != 0) {
    reply(0x02, {static_cast<std::uint8_t>(error_)});
    return false;
  }
  if (homing_ != Homing::none) {
    reply(0x04);
    return false;
  }
  if (wanted == Travel::still) return true;
  const bool stillMoving = travel() != Travel::still || (haltedMs_ && nowMs_ < *haltedMs_ + kSettleMs);
  if (!stillMoving || lastTravel_ == wanted) return true;
  reversal();
  return false;
}

void JiecangDesk::reversal() {
  violation("reversal without a stop");
  halt();
  error_ = kErrorReversal;
  tell("error", std::to_string(error_));
  reply(0x02, {kErrorReversal});
  lose();
  resetShown_ = false;
}

void JiecangDesk::step(Travel direction) {
  if (homing_ != Homing::none && direction == Travel::down && !locked_ && !held_) return homeDown();
  if (!mayMove(direction)) return;
  const double target = heightMm() + (direction == Travel::up ? kStepMm : -kStepMm);
  const bool atTheEnd = direction == Travel::up ? heightMm() >= highestMm() : heightMm() <= lowestMm();
  if (atTheEnd) return reportHeight();
  move(target);
}

void JiecangDesk::goTo(double targetMm) {
  if (targetMm < lowestMm() || targetMm > highestMm()) return;
  const double wayMm = targetMm - heightMm();
  if (!mayMove(wayMm > 0 ? Travel::up : wayMm < 0 ? Travel::down : Travel::still)) return;
  reply(0x1B, bytesOf(word(targetMm)));
  if (gotoMode_ != JiecangGoto::echoOnly) nudgeOrMove(targetMm);
}

void JiecangDesk::recall(unsigned slot) {
  const auto target = presetsMm_[slot - 1];
  if (!target) return;
  const double wayMm = *target - heightMm();
  if (mayMove(wayMm > 0 ? Travel::up : wayMm < 0 ? Travel::down : Travel::still)) nudgeOrMove(*target);
}

void JiecangDesk::nudgeOrMove(double targetMm) {
  if (gotoMode_ == JiecangGoto::nudge)
    targetMm = std::clamp(targetMm, heightMm() - kStepMm, heightMm() + kStepMm);
  move(targetMm);
}

// DOWN while the box does not know where the legs are. It stops when DOWN stops coming.
void JiecangDesk::homeDown() {
  const std::uint64_t pauseMs = nowMs_ - lastDownMs_;
  lastDownMs_ = nowMs_;
  touch();
  if (homing_ == Homing::lost) {
    error_ = 0;
    resetShown_ = true;
    if (!resetAtMs_) resetAtMs_ = nowMs_ + kReplyMs;
    homingStopMs_ = nowMs_ + kHomingHoldMs;
    if (heightMm() <= options_.minMm) return seat();
    return move(options_.minMm);
  }
  if (lastDowns_ == 0 && pauseMs < kHomingPauseMs) return;
  if (++lastDowns_ < kHomingDowns) return;
  homing_ = Homing::none;
  tell("homing", "done");
  reportHeight();
}

void JiecangDesk::reply(std::uint8_t command, const Bytes& params) {
  report(command, params, nowMs_ + kReplyMs);
}

void JiecangDesk::report(std::uint8_t command, const Bytes& params, std::uint64_t earliestMs) {
  Bytes body{command, static_cast<std::uint8_t>(params.size())};
  body.insert(body.end(), params.begin(), params.end());
  Bytes frame{0xF2, 0xF2};
  frame.insert(frame.end(), body.begin(), body.end());
  appendChecksum(Checksum::sum8, body, frame);
  frame.push_back(0x7E);
  output_.push(frame, earliestMs);
}

void JiecangDesk::reportHeight() {
  if (travel() != Travel::still) tell("height", std::to_string(std::lround(heightMm())));
  const double shownMm = frozenMm_.value_or(heightMm());
  Bytes params = bytesOf(word(units_ == JiecangUnits::inch ? shownMm / 2.54 : shownMm));
  params.push_back(kThirdByte[heightReports_++ % std::size(kThirdByte)]);
  reply(0x01, params);
}

void JiecangDesk::reportLimits() {
  Bytes params = bytesOf(word(options_.maxMm));
  const Bytes low = bytesOf(word(options_.minMm));
  params.insert(params.end(), low.begin(), low.end());
  reply(0x07, params);
}

void JiecangDesk::reportPreset(unsigned slot) {
  const double heightMm = presetsMm_[slot - 1].value_or(options_.minMm);
  double value = heightMm;
  if (options_.presetUnits == JiecangPresetUnits::inch) value = heightMm / 2.54;
  if (options_.presetUnits == JiecangPresetUnits::raw) value = countsOf(heightMm);
  reply(kPresetReport[slot - 1], bytesOf(word(value)));
}

}  // namespace deskd
