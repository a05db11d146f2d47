// SPDX-License-Identifier: Apache-2.0
// When the control box is awake, and what it says then.
#include "hal/sim/loctek_desk.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "hal/checksum.h"
#include "hal/sim/hex.h"

namespace deskd {
namespace {

// Captured (lapelotanodobla/FlexiSpot_MitM, session 1), rounded.
constexpr std::uint64_t kPollMs = 31;
constexpr std::uint64_t kBeepMs = 512;
constexpr std::uint64_t kSpacingMs = 10;
constexpr std::uint64_t kFirstJunkMs = 5;
constexpr std::uint64_t kSecondJunkMs = 190;
constexpr std::uint64_t kGoodbyeMs = 13;
constexpr unsigned kGoodbyes = 8;
constexpr std::uint64_t kMessageMs = 4000;

constexpr std::uint64_t kLetGoMs = 200;
constexpr std::size_t kMostViolations = 1000;

constexpr std::uint8_t kKeys = 0x02;
constexpr std::uint8_t kPoll = 0x11;
constexpr std::uint8_t kDisplay = 0x12;
constexpr std::uint8_t kShutdown = 0x13;
constexpr std::uint8_t kBeepOff = 0x15;

FramingOptions keypadFraming() {
  FramingOptions options;
  options.kind = FramingKind::length;
  options.max = 32;
  options.start = {0x9B};
  options.lengthAt = 1;
  options.extra = 2;
  options.checksum = Checksum::crc16ModbusBe;
  options.end = {0x9D};
  options.idleMs = 20;
  return options;
}

const LoctekOptions& checked(const LoctekOptions& options) {
  const bool sane = options.minMm < options.maxMm && options.heightMm >= options.minMm &&
                    options.heightMm <= options.maxMm && options.speedMmPerS > 0 && options.coastMm >= 0 &&
                    options.tapMm >= 0;
  if (!sane)
    throw std::invalid_argument(
        "simulated desk: expected min <= height <= max, min < max, a speed over 0 and no negative coast");
  return options;
}

void earliest(std::optional<std::uint64_t>& result, std::optional<std::uint64_t> candidate) {
  if (candidate && (!result || *candidate < *result)) result = candidate;
}

}  // namespace

LoctekDesk::LoctekDesk(const LoctekOptions& options, std::uint64_t nowMs, Observer observer)
    : options_(checked(options)),
      observer_(std::move(observer)),
      nowMs_(nowMs),
      plant_(options.heightMm, options.speedMmPerS, nowMs),
      output_(options.split, options.noise, options.seed, kSpacingMs),
      framer_(makeFramer(keypadFraming())),
      sink_([this](std::span<const std::uint8_t> frame) { onFrame(frame); }),
      activeMs_(nowMs),
      locked_(options.locked),
      lost_(options.needsReset) {
  tell("height", std::to_string(std::lround(heightMm())));
}

void LoctekDesk::tell(std::string_view what, std::string_view value) {
  if (observer_) observer_(nowMs_, std::string(what) + " " + std::string(value));
}

void LoctekDesk::violation(const std::string& what) {
  if (violations_.size() < kMostViolations) violations_.push_back(what);
  tell("violation", what);
}

void LoctekDesk::receive(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) {
  happenUntil(nowMs);
  if (bytes.empty() || power_ != Power::awake || !pin20_) return;
  framer_->feed(bytes, nowMs_, sink_);
}

void LoctekDesk::onFrame(std::span<const std::uint8_t> frame) {
  if (frame[2] != kKeys || frame.size() < 7) return;
  const unsigned second = frame.size() > 7 ? frame[4] : 0;
  onKeyFrame(frame[3] | second << 8);
}

void LoctekDesk::onKeyFrame(unsigned keys) {
  serialRepeats_ = keys == serialKeys_ ? serialRepeats_ + 1 : 1;
  serialKeysMs_ = nowMs_;
  const unsigned before = this->keys();
  if (keys != serialKeys_)
    tell("keys", upperHex(Bytes{static_cast<std::uint8_t>(keys >> 8), static_cast<std::uint8_t>(keys)}));
  serialKeys_ = keys;
  keysChanged(before);
}

void LoctekDesk::setPin20(bool level, std::uint64_t nowMs) {
  happenUntil(nowMs);
  if (level == pin20_) return;
  pin20_ = level;
  tell("pin20", level ? "1" : "0");
  if (level && power_ == Power::asleep) return wake(false);
  if (level) return;
  output_.clear();
  output_.pushStray({0x9B, 0xFF}, nowMs_);
  if (displayHere_ || !keypadAwake_) powerDown();
}

void LoctekDesk::wake(bool byKeypad) {
  power_ = Power::waking;
  displayHere_ = !byKeypad;
  powerAtMs_ = nowMs_ + options_.wakeMs;
  lockShownUntilMs_ = *powerAtMs_ + kMessageMs;
  framer_->reset();
  tell("power", "waking");
  if (!pin20_) return;
  output_.pushStray({0x00}, nowMs_ + std::min<std::uint64_t>(kFirstJunkMs, options_.wakeMs / 4));
  output_.pushStray({0xFE}, nowMs_ + std::min<std::uint64_t>(kSecondJunkMs, options_.wakeMs / 2));
}

void LoctekDesk::powerUp() {
  power_ = Power::awake;
  powerAtMs_.reset();
  pollAtMs_ = nowMs_;
  beepAtMs_ = nowMs_ + kBeepMs;
  polls_ = 0;
  shown_.clear();
  touch();
  tell("power", "awake");
  if (keypadKeys_ != 0) keysChanged(0);
}

// Nobody has used it for a while: says so, and is silent until PIN20 rises again.
void LoctekDesk::sleep() {
  power_ = Power::shutdown;
  goodbyes_ = 0;
  powerAtMs_ = nowMs_;
  tell("power", "shutdown");
}

void LoctekDesk::powerDown() {
  if (power_ == Power::asleep) return;
  if (travel() != Travel::still) {
    violation("PIN20 fell while moving");
    const bool preset = cause_ == Cause::preset;
    halt(false);
    if (preset) lose();
  }
  power_ = Power::asleep;
  powerAtMs_.reset();
  serialKeys_ = 0;
  held_ = 0;
  startAtMs_.reset();
  tapAtMs_.reset();
  presetAtMs_.reset();
  bottomMs_.reset();
  displayHere_ = false;
  keypadAwake_ = false;
  tell("power", "asleep");
}

void LoctekDesk::say(std::uint8_t type, const Bytes& payload) {
  if (!pin20_ || mute_) return;
  Bytes body{static_cast<std::uint8_t>(payload.size() + 4), type};
  body.insert(body.end(), payload.begin(), payload.end());
  Bytes frame{0x9B};
  frame.insert(frame.end(), body.begin(), body.end());
  appendChecksum(Checksum::crc16ModbusBe, body, frame);
  frame.push_back(0x9D);
  output_.push(frame, nowMs_);
}

std::string LoctekDesk::display() const {
  if (lost_) return "r5t";
  if (!override_.empty()) return override_;
  if (error_ != 0)
    return std::string("E") + static_cast<char>('0' + error_ / 10) + static_cast<char>('0' + error_ % 10);
  if (locked_ && nowMs_ < lockShownUntilMs_) return "LoC";
  if (nowMs_ < memoryUntilMs_) return "5- ";
  const bool moves = travel() != Travel::still;
  if (timer_ >= 0 && !moves)
    return std::string(":") + static_cast<char>('0' + timer_ / 10) + static_cast<char>('0' + timer_ % 10);
  return shownHeight(heightMm(), options_.units);
}

void LoctekDesk::sayDisplay() {
  const std::string text = display();
  if (text != shown_) tell("display", text);
  shown_ = text;
  if (!displayHere_) return;
  const Segments segments = segmentsOf(text);
  Bytes payload(segments.begin(), segments.end());
  if (options_.longDisplay) payload.resize(7);
  say(kDisplay, payload);
}

void LoctekDesk::poll() {
  pollAtMs_ += kPollMs;
  say(kPoll);
  if (options_.keysOnLine && keypadAwake_)
    say(kKeys, {static_cast<std::uint8_t>(keypadKeys_), static_cast<std::uint8_t>(keypadKeys_ >> 8)});
  if (polls_++ % 2 == 0) sayDisplay();
  if (nowMs_ < beepAtMs_) return;
  beepAtMs_ += kBeepMs;
  say(kBeepOff);
}

void LoctekDesk::advance(std::uint64_t nowMs, const Sink& sink) {
  happenUntil(nowMs);
  output_.flush(nowMs_, [&](const FrameOutput::Chunk& chunk) { sink(chunk.line); });
}

std::optional<std::uint64_t> LoctekDesk::nextEventMs() const {
  std::optional<std::uint64_t> next = nextInternalMs();
  earliest(next, output_.nextMs());
  return next;
}

std::optional<std::uint64_t> LoctekDesk::nextInternalMs() const {
  std::optional<std::uint64_t> next = plant_.arrivalMs();
  earliest(next, powerAtMs_);
  earliest(next, nextActMs());
  earliest(next, framer_->deadlineMs());
  if (power_ != Power::awake) return next;
  earliest(next, pollAtMs_);
  if (serialKeys_ != 0) earliest(next, serialKeysMs_ + kLetGoMs);
  if (keys() == 0 && travel() == Travel::still) earliest(next, activeMs_ + options_.asleepAfterMs);
  return next;
}

// One event after the other, each at its own time, so that the result does not depend on how often this is
// called.
void LoctekDesk::happenUntil(std::uint64_t nowMs) {
  for (auto next = nextInternalMs(); next && *next <= nowMs; next = nextInternalMs()) {
    nowMs_ = std::max(nowMs_, *next);
    const bool moved = travel() != Travel::still;
    plant_.advance(nowMs_);
    if (moved && travel() == Travel::still) still();
    happen();
  }
  nowMs_ = std::max(nowMs_, nowMs);
  plant_.advance(nowMs_);
}

void LoctekDesk::happen() {
  framer_->expire(nowMs_, sink_);
  if (travel() != Travel::still || keys() != 0) touch();
  if (powerAtMs_ && *powerAtMs_ <= nowMs_) {
    if (power_ == Power::waking) {
      powerUp();
    } else if (goodbyes_++ < kGoodbyes) {
      say(kShutdown);
      powerAtMs_ = nowMs_ + kGoodbyeMs;
    } else {
      // The hand controller lets its PIN20 fall now; a port that does not has to before it can wake it again.
      powerDown();
    }
  }
  actDue();
  if (power_ != Power::awake) return;
  if (serialKeys_ != 0 && nowMs_ >= serialKeysMs_ + kLetGoMs) onKeyFrame(0);
  if (nowMs_ >= pollAtMs_) poll();
  const bool idle = keys() == 0 && travel() == Travel::still;
  if (idle && nowMs_ >= activeMs_ + options_.asleepAfterMs) sleep();
}

void LoctekDesk::pressKeypad(unsigned keys, std::uint64_t nowMs) {
  happenUntil(nowMs);
  tell("keypad", upperHex(Bytes{static_cast<std::uint8_t>(keys >> 8), static_cast<std::uint8_t>(keys)}));
  const unsigned before = this->keys();
  keypadKeys_ = keys;
  if (keys != 0 && power_ == Power::asleep) wake(true);
  if (keys != 0) keypadAwake_ = true;
  if (power_ == Power::awake) keysChanged(before);
}

void LoctekDesk::setLocked(bool locked, std::uint64_t nowMs) {
  happenUntil(nowMs);
  locked_ = locked;
  lockShownUntilMs_ = nowMs_ + kMessageMs;
  if (locked_) halt(true);
}

void LoctekDesk::raiseError(unsigned code, std::uint64_t nowMs) {
  happenUntil(nowMs);
  error_ = std::min(code, 99U);
  if (error_ != 0) halt(false);
}

void LoctekDesk::show(const std::string& text, std::uint64_t nowMs) {
  happenUntil(nowMs);
  if (!text.empty()) segmentsOf(text);  // throws
  override_ = text;
}

void LoctekDesk::setTimer(int minutes, std::uint64_t nowMs) {
  happenUntil(nowMs);
  timer_ = std::min(minutes, 99);
}

void LoctekDesk::setMute(bool mute, std::uint64_t nowMs) {
  happenUntil(nowMs);
  mute_ = mute;
}

}  // namespace deskd
