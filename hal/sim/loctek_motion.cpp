// SPDX-License-Identifier: Apache-2.0
// What the control box makes of the keys that are held.
#include <algorithm>
#include <cmath>

#include "hal/sim/loctek_desk.h"

namespace deskd {
namespace {

using namespace loctek;

constexpr std::uint64_t kTapMs = 300;          // from a tap to the millimetre it moves
constexpr std::uint64_t kMemoryHoldMs = 4000;  // M for longer opens the child lock
constexpr std::uint64_t kResetMs = 10'000;
constexpr std::uint64_t kMessageMs = 4000;
constexpr unsigned kPresetRepeats = 4;

std::optional<unsigned> slotOf(unsigned keys) {
  switch (keys) {
    case kPreset1:
      return 1;
    case kPreset2:
      return 2;
    case kPreset3:
      return 3;
    case kPreset4:
      return 4;
    default:
      return std::nullopt;
  }
}

const char* travelName(Travel travel) {
  return travel == Travel::up ? "up" : travel == Travel::down ? "down" : "still";
}

void earliest(std::optional<std::uint64_t>& result, std::optional<std::uint64_t> candidate) {
  if (candidate && (!result || *candidate < *result)) result = candidate;
}

}  // namespace

void LoctekDesk::keysChanged(unsigned before) {
  const unsigned now = keys();
  if (now != 0) touch();
  if (now != before) {
    if (held_ != 0) keyUp();
    held_ = 0;
    if (now != 0) keyDown(now);
  }
  const auto slot = slotOf(held_);
  const bool enough = keypadKeys_ != 0 || serialRepeats_ >= kPresetRepeats;
  if (slot && enough && !heldWorked_ && mayMove()) {
    heldWorked_ = true;
    preset_ = *slot;
    presetAtMs_ = std::max(nowMs_, heldMs_ + options_.startDelayMs);
    tell("preset", std::to_string(*slot));
  }
}

void LoctekDesk::keyDown(unsigned key) {
  held_ = key;
  heldMs_ = nowMs_;
  heldCancels_ = false;
  heldWorked_ = false;
  if (locked_) lockShownUntilMs_ = nowMs_ + kMessageMs;
  if ((key & kUp) != 0 && (key & kDown) != 0) {
    violation("up and down together");
    return halt(true);
  }
  if (key == kMemory) {
    memoryUntilMs_ = nowMs_ + kMessageMs;
    if ((serialKeys_ & kMemory) != 0) violation("M pressed");
    return;
  }
  if (key == kAlarm) {
    timer_ = timer_ < 0 ? 45 : -1;
    if ((serialKeys_ & kAlarm) != 0) violation("alarm pressed");
    return;
  }
  if (key != kUp && key != kDown) return;
  const Travel wanted = key == kUp ? Travel::up : Travel::down;
  const bool other = travel() != Travel::still && travel() != wanted;
  if (cause_ == Cause::preset || presetAtMs_) {
    heldCancels_ = true;
    halt(true);
  } else if (other) {
    // Two people at the keys are not the program's doing.
    if (keypadKeys_ == 0) violation("reversal while moving");
    heldCancels_ = true;
    halt(true);
  }
  tapAtMs_.reset();
  if (mayMove() || lost_) startAtMs_ = nowMs_ + options_.startDelayMs;
}

void LoctekDesk::keyUp() {
  const bool direction = held_ == kUp || held_ == kDown;
  if (held_ == kMemory && nowMs_ - heldMs_ > kMemoryHoldMs && keypadKeys_ == 0) violation("M held");
  bottomMs_.reset();
  if (!direction) return;
  const bool begun = !startAtMs_;
  startAtMs_.reset();
  if (begun && cause_ == Cause::key) return halt(true);
  if (begun || heldCancels_ || !mayMove()) return;
  tapMm_ = held_ == kUp ? options_.tapMm : -options_.tapMm;
  tapAtMs_ = std::max(nowMs_, heldMs_ + kTapMs);
}

bool LoctekDesk::mayMove() const {
  return !locked_ && !lost_ && error_ == 0;
}

void LoctekDesk::move(double targetMm, Cause cause) {
  plant_.moveTo(std::clamp(targetMm, options_.minMm, options_.maxMm));
  cause_ = travel() == Travel::still ? Cause::none : cause;
  if (travel() == told_) return;
  told_ = travel();
  tell("moving", travelName(told_));
}

void LoctekDesk::halt(bool coasting) {
  presetAtMs_.reset();
  tapAtMs_.reset();
  if (travel() == Travel::still || (coasting && cause_ == Cause::coast)) return;
  if (!coasting) {
    plant_.stop();
    return still();
  }
  const double coast = travel() == Travel::up ? options_.coastMm : -options_.coastMm;
  const double nearest = std::clamp(heightMm() + coast, options_.minMm, options_.maxMm);
  move(nearest, Cause::coast);
  if (travel() == Travel::still) still();
}

void LoctekDesk::still() {
  touch();
  cause_ = Cause::none;
  tell("height", std::to_string(std::lround(heightMm())));
  if (told_ == Travel::still) return;
  told_ = Travel::still;
  tell("moving", "still");
}

std::optional<std::uint64_t> LoctekDesk::resetDueMs() const {
  if (!lost_ || !bottomMs_) return std::nullopt;
  return *bottomMs_ + kResetMs;
}

std::optional<std::uint64_t> LoctekDesk::nextActMs() const {
  std::optional<std::uint64_t> next = startAtMs_;
  earliest(next, tapAtMs_);
  earliest(next, presetAtMs_);
  earliest(next, resetDueMs());
  return next;
}

void LoctekDesk::actDue() {
  if (lost_ && held_ == kDown && !bottomMs_ && heightMm() <= options_.minMm) bottomMs_ = nowMs_;
  if (startAtMs_ && *startAtMs_ <= nowMs_) {
    startAtMs_.reset();
    if (held_ == kUp && mayMove()) move(options_.maxMm, Cause::key);
    if (held_ == kDown && (mayMove() || lost_)) move(options_.minMm, Cause::key);
  }
  if (tapAtMs_ && *tapAtMs_ <= nowMs_) {
    tapAtMs_.reset();
    if (mayMove()) move(heightMm() + tapMm_, Cause::coast);
  }
  if (presetAtMs_ && *presetAtMs_ <= nowMs_) {
    presetAtMs_.reset();
    const auto target = options_.presetsMm.at(preset_ - 1);
    if (target && mayMove()) move(*target, Cause::preset);
  }
  const auto reset = resetDueMs();
  if (!reset || *reset > nowMs_) return;
  lost_ = false;
  bottomMs_.reset();
  tell("reset", "done");
}

void LoctekDesk::lose() {
  lost_ = true;
  bottomMs_.reset();
  tell("reset", "lost");
}

}  // namespace deskd
