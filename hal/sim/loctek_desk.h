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
#include "hal/sim/loctek_display.h"

namespace deskd {

struct LoctekOptions {
  double heightMm = 795;
  double minMm = 710;
  double maxMm = 1210;
  double speedMmPerS = 22;
  double coastMm = 4;           // after a key is let go
  double tapMm = 1;             // what a key does that is let go before motion begins
  unsigned startDelayMs = 450;  // from the key to motion
  unsigned wakeMs = 370;        // from PIN20 to the first frame; 140 to 520 have been seen
  std::array<std::optional<double>, 4> presetsMm{};
  unsigned asleepAfterMs = 10'000;
  LoctekUnits units = LoctekUnits::cm;
  bool longDisplay = false;  // seven bytes instead of three, as a CB38M4A sends
  bool locked = false;
  bool needsReset = false;
  bool keysOnLine = false;  // this port hears what the hand controller sends as well
  bool noise = false;
  ByteSplit split = ByteSplit::whole;
  unsigned seed = 1;
};

// Keys as a key frame carries them: its first byte, and its second from bit 8 on. To be added up.
namespace loctek {
constexpr unsigned kUp = 0x01;
constexpr unsigned kDown = 0x02;
constexpr unsigned kPreset1 = 0x04;
constexpr unsigned kPreset2 = 0x08;
constexpr unsigned kPreset3 = 0x10;
constexpr unsigned kMemory = 0x20;
constexpr unsigned kAlarm = 0x40;
constexpr unsigned kPreset4 = 0x100;
}  // namespace loctek

// A LoctekMotion control box with the desk it moves, as its second port shows it: serial line and PIN20.
// Pure: time is handed in, milliseconds that only grow. Behaviour as lapelotanodobla/FlexiSpot_MitM (captures
// and findings), iMicknl/LoctekMotion_IoT and muxa/esphome-loctekmotion-desk report it; what they leave open
// is decided so that a careless script fails here rather than on a desk. Such decisions, not sourced:
// - keys that are not repeated for 200 ms count as let go
// - the other direction while the desk moves is a violation, and stops it
// - a preset key works once it has come four times
// - losing PIN20 in any motion is a violation; in a preset's it also costs the position
class LoctekDesk {
 public:
  // What happens, as "pin20 0|1", "power waking|awake|shutdown|asleep", "keys 0001" (from the serial line,
  // when they change), "keypad 0001", "display 79.5", "moving up|down|still", "height 795" (millimetres),
  // "preset 2", "violation ...", "reset lost|done".
  using Observer = std::function<void(std::uint64_t atMs, std::string_view what)>;
  using Sink = std::function<void(std::span<const std::uint8_t>)>;

  LoctekDesk(const LoctekOptions& options, std::uint64_t nowMs, Observer observer = {});

  void receive(std::span<const std::uint8_t> bytes, std::uint64_t nowMs);
  void setPin20(bool level, std::uint64_t nowMs);
  // Lets everything happen up to `nowMs` and sends what is due.
  void advance(std::uint64_t nowMs, const Sink& sink);
  // When advance() has something to do next, if nothing else happens.
  std::optional<std::uint64_t> nextEventMs() const;

  // What a person at the desk does. The hand controller has a port of its own and wakes the desk by it. Keys
  // are held until others or none (0) are.
  void pressKeypad(unsigned keys, std::uint64_t nowMs);
  void setLocked(bool locked, std::uint64_t nowMs);
  // E01 to E99: stops the desk, and nothing moves until it is cleared by 0.
  void raiseError(unsigned code, std::uint64_t nowMs);
  // Shows something else than the height, as anti-collision does ("A-2"); empty: the height again.
  void show(const std::string& text, std::uint64_t nowMs);
  // The reminder: its time is shown instead of the height. Negative: off.
  void setTimer(int minutes, std::uint64_t nowMs);
  // A broken wire from the controller: it works, and nobody hears it.
  void setMute(bool mute, std::uint64_t nowMs);

  double heightMm() const { return plant_.heightMm(); }
  Travel travel() const { return plant_.travel(); }
  bool awake() const { return power_ == Power::awake; }
  bool pin20() const { return pin20_; }
  bool needsReset() const { return lost_; }
  std::string display() const;
  // What no program should ever do to a desk: PIN20 lost in motion, reversals, both directions at once, keys
  // that program. The first thousand.
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  using Bytes = std::vector<std::uint8_t>;
  enum class Power { asleep, waking, awake, shutdown };
  enum class Cause { none, key, preset, coast };

  void tell(std::string_view what, std::string_view value);
  void happenUntil(std::uint64_t nowMs);
  std::optional<std::uint64_t> nextInternalMs() const;
  void happen();
  void touch() { activeMs_ = nowMs_; }
  void violation(const std::string& what);

  // loctek_desk.cpp: power and what is said
  void wake(bool byKeypad);
  void powerUp();
  void sleep();
  void powerDown();
  void poll();
  void say(std::uint8_t type, const Bytes& payload = {});
  void sayDisplay();
  void onFrame(std::span<const std::uint8_t> frame);
  void onKeyFrame(unsigned keys);

  // loctek_motion.cpp: keys and what they do
  unsigned keys() const { return serialKeys_ | keypadKeys_; }
  void keysChanged(unsigned before);
  void keyDown(unsigned key);
  void keyUp();
  bool mayMove() const;
  void move(double targetMm, Cause cause);
  void halt(bool coasting);
  void still();
  void actDue();
  std::optional<std::uint64_t> nextActMs() const;
  std::optional<std::uint64_t> resetDueMs() const;
  void lose();

  const LoctekOptions options_;
  const Observer observer_;
  std::uint64_t nowMs_;
  DeskPlant plant_;
  FrameOutput output_;
  std::unique_ptr<Framer> framer_;
  Framer::Sink sink_;

  Power power_ = Power::asleep;
  bool pin20_ = false;
  bool keypadAwake_ = false;
  bool displayHere_ = false;  // this port has woken it, and gets the display
  std::uint64_t activeMs_;
  std::optional<std::uint64_t> powerAtMs_;  // the end of waking up or of shutting down
  std::uint64_t pollAtMs_ = 0;
  std::uint64_t beepAtMs_ = 0;
  unsigned polls_ = 0;
  unsigned goodbyes_ = 0;

  unsigned serialKeys_ = 0;
  unsigned serialRepeats_ = 0;
  std::uint64_t serialKeysMs_ = 0;
  unsigned keypadKeys_ = 0;
  unsigned held_ = 0;  // the one of keys() that counts
  std::uint64_t heldMs_ = 0;
  bool heldCancels_ = false;                // it has stopped something, and a tap of it does no more
  std::optional<std::uint64_t> startAtMs_;  // when the held key begins to move the desk
  std::optional<std::uint64_t> tapAtMs_;
  double tapMm_ = 0;
  std::optional<std::uint64_t> presetAtMs_;
  unsigned preset_ = 0;      // where to, then
  bool heldWorked_ = false;  // the held preset key has had its effect
  Cause cause_ = Cause::none;
  Travel told_ = Travel::still;

  bool locked_;
  bool mute_ = false;
  bool lost_;
  std::optional<std::uint64_t> bottomMs_;  // at the bottom with DOWN held, while it is lost
  unsigned error_ = 0;
  std::string override_;
  int timer_ = -1;
  std::uint64_t lockShownUntilMs_ = 0;
  std::uint64_t memoryUntilMs_ = 0;
  std::string shown_;
  std::vector<std::string> violations_;
};

}  // namespace deskd
