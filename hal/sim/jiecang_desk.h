// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hal/framer.h"
#include "hal/sim/desk_plant.h"
#include "hal/sim/frame_output.h"

namespace deskd {

enum class JiecangUnits { mm, inch };
// What boxes put into their preset reports: millimetres, tenths of an inch, or counts of the motors'
// encoders.
enum class JiecangPresetUnits { mm, inch, raw };
// What a "go to height" does: it moves, it is echoed and ignored (some JCHT35K72C, JCB36N2CA-230), or it
// nudges the desk by one step as everything does in constant-touch mode.
enum class JiecangGoto { moves, echoOnly, nudge };

struct JiecangOptions {
  double heightMm = 720;
  double minMm = 620;
  double maxMm = 1270;
  double speedMmPerS = 38;
  JiecangUnits units = JiecangUnits::mm;
  JiecangPresetUnits presetUnits = JiecangPresetUnits::mm;
  std::array<std::optional<double>, 4> presetsMm{};
  JiecangGoto gotoMode = JiecangGoto::moves;
  unsigned asleepAfterMs = 5000;  // 0: never sleeps
  bool locked = false;
  bool needsHoming = false;
  bool noise = false;
  ByteSplit split = ByteSplit::whole;
  unsigned seed = 1;
};

enum class HandsetKey { up, down };

// A Jiecang control box (RJ12 port, F1/F2 frames) with the desk it moves. Pure: time is handed in,
// milliseconds that only grow. Behaviour as phord/Jarvis README, librick/uplift-ble,
// Rocka84/esphome_components issue 6 and the notes of SmartHomeGuys/DeskUp-Pro-Controller-RJ12 report it;
// what they leave open is decided so that a careless script fails here rather than on a desk. Such decisions,
// not sourced:
// - a goto beyond the limits is ignored, without an echo
// - a goto to where the desk is already is echoed and reported by no height
// - after a stop the desk takes 100 ms to be still, in which the other direction is a reversal
// - serial commands are ignored while a key of the hand controller is held
class JiecangDesk {
 public:
  // What happens, as "rx F1F1...", "lost F1F1..." (asleep or starting), "tx F2F2...", "noise 00", "moving
  // up|down|still", "height 731" (millimetres), "violation ...", "error 7", "lock on|off", "homing
  // lost|seated|done", "power asleep|awake|cycled", "handset up|down|preset-2|release", "reports
  // frozen|live".
  using Observer = std::function<void(std::uint64_t atMs, std::string_view what)>;
  using Sink = std::function<void(std::span<const std::uint8_t>)>;

  JiecangDesk(const JiecangOptions& options, std::uint64_t nowMs, Observer observer = {});

  void receive(std::span<const std::uint8_t> bytes, std::uint64_t nowMs);
  // Lets everything happen up to `nowMs` and sends what is due.
  void advance(std::uint64_t nowMs, const Sink& sink);
  // When advance() has something to do next, if nothing else happens.
  std::optional<std::uint64_t> nextEventMs() const;

  // What a person at the desk does. A key is held until released; a preset is a tap.
  void pressHandset(HandsetKey key, std::uint64_t nowMs);
  void tapPreset(unsigned slot, std::uint64_t nowMs);  // 1 to 4
  void releaseHandset(std::uint64_t nowMs);
  void setLocked(bool locked, std::uint64_t nowMs);
  void powerCycle(std::uint64_t nowMs);
  // The box goes on reporting the height that it has now, wherever the desk goes: a broken sensor.
  void setReportsFrozen(bool frozen, std::uint64_t nowMs);
  // As the box shows it: 1 to 13 are E01 to E13, 14 H01, 15 H02. Stops the desk, and moves are refused with
  // it until it is cleared by 0; 7 only goes away by re-homing.
  void raiseError(unsigned code, std::uint64_t nowMs);

  double heightMm() const { return plant_.heightMm(); }
  Travel travel() const { return plant_.travel(); }
  bool locked() const { return locked_; }
  bool asleep() const { return asleep_; }
  bool needsHoming() const { return homing_ != Homing::none; }
  unsigned error() const { return error_; }
  std::optional<double> presetMm(unsigned slot) const { return presetsMm_.at(slot - 1); }
  // What no program should ever do to a desk: commands that calibrate, set limits, toggle the lock or are of
  // unknown effect, and reversals without a stop. The first thousand.
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  using Bytes = std::vector<std::uint8_t>;
  // After power loss: 04 until driven to the bottom, then a pause, then further down until it knows where it
  // is.
  enum class Homing { none, lost, seated };

  void tell(std::string_view what, std::string_view value);
  void happenUntil(std::uint64_t nowMs);
  std::optional<std::uint64_t> nextInternalMs() const;
  void happen();
  void touch() { activeMs_ = nowMs_; }
  void wake();

  void onFrame(std::span<const std::uint8_t> frame);
  void onCommand(std::uint8_t command, std::span<const std::uint8_t> params);
  bool onQuery(std::uint8_t command, std::span<const std::uint8_t> params);
  void onLockCommand(std::span<const std::uint8_t> params);
  void onLimitCommand(std::uint8_t command, std::span<const std::uint8_t> params);
  void judge(std::uint8_t command, std::span<const std::uint8_t> params, std::span<const std::uint8_t> frame);
  void violation(const std::string& what);

  bool mayMove(Travel wanted);
  void step(Travel direction);
  void goTo(double targetMm);
  void recall(unsigned slot);
  void nudgeOrMove(double targetMm);
  void move(double targetMm);
  void halt();
  void stopped();
  void reversal();
  void homeDown();
  void lose();
  void seat();

  void reply(std::uint8_t command, const Bytes& params = {});
  void report(std::uint8_t command, const Bytes& params, std::uint64_t earliestMs);
  void reportHeight();
  void reportLimits();
  void reportPreset(unsigned slot);
  double lowestMm() const;
  double highestMm() const;

  const JiecangOptions options_;
  const Observer observer_;
  std::uint64_t nowMs_;
  DeskPlant plant_;
  FrameOutput output_;
  std::unique_ptr<Framer> framer_;
  Framer::Sink sink_;

  JiecangUnits units_;
  JiecangGoto gotoMode_;
  std::array<std::optional<double>, 4> presetsMm_;
  std::optional<double> userMinMm_;
  std::optional<double> userMaxMm_;
  bool locked_;
  unsigned error_ = 0;
  unsigned heightReports_ = 0;
  std::optional<double> frozenMm_;  // what it reports in place of its height
  std::vector<std::string> violations_;

  bool asleep_;
  std::uint64_t activeMs_;         // the last command or movement
  std::uint64_t deafUntilMs_ = 0;  // starting up or waking up
  std::optional<std::uint64_t> reportAtMs_;
  unsigned lastReports_ = 0;  // heights still to come after a stop
  Travel lastTravel_ = Travel::still;
  std::optional<std::uint64_t> haltedMs_;  // when lastTravel_ was cut short

  Homing homing_;
  bool resetShown_ = false;  // 04 is being sent
  std::optional<std::uint64_t> resetAtMs_;
  std::optional<std::uint64_t> homingStopMs_;  // no DOWN until then: stop
  std::uint64_t lastDownMs_ = 0;
  unsigned lastDowns_ = 0;  // after the pause

  std::optional<HandsetKey> held_;
  std::optional<std::uint64_t> handsetActsMs_;
};

}  // namespace deskd
