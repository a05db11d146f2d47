// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "hal/sim/desk_plant.h"

namespace deskd {

struct RelayDeskOptions {
  double heightMm = 720;
  double minMm = 620;  // the limit switches
  double maxMm = 1270;
  double upMmPerS = 25;
  double downMmPerS = 30;
  unsigned startMs = 150;  // from rest to full speed
  double coastMm = 4;      // from full speed to rest
  unsigned contactMs = 8;  // from a relay's coil to its contact, both ways
  double runA = 1;
  double inrushA = 2.5;
  double stallA = 3;
};

// A motor with two limit switches and the two relays that turn it one way or the other. Pure: time is handed
// in, milliseconds that only grow. A limit switch takes the power off at once, what coasts past it stops
// there. Both contacts closed short the supply: nothing is driven then, and it is counted.
class RelayDesk {
 public:
  RelayDesk(const RelayDeskOptions& options, std::uint64_t nowMs);

  void setRelay(Travel direction, bool on, std::uint64_t nowMs);
  // The hand switch, parallel to the contacts.
  void setHand(Travel direction, std::uint64_t nowMs);
  // What is in the way at this height, of a desk that comes from where it is now.
  void setObstacle(std::optional<double> atMm, std::uint64_t nowMs);
  // The contact of this relay does not open any more once it has closed; still: none.
  void setWelded(Travel direction, std::uint64_t nowMs);
  // Without its wire the motor neither moves nor draws current.
  void setMotor(bool connected, std::uint64_t nowMs);
  void setContactMs(unsigned contactMs) { options_.contactMs = contactMs; }
  void setHeight(double heightMm, std::uint64_t nowMs);

  void advance(std::uint64_t nowMs);
  // When something changes next if nothing else happens; while it moves, each few milliseconds.
  std::optional<std::uint64_t> nextMs() const;

  double heightMm() const { return heightMm_; }
  double currentA() const;
  Travel travel() const;
  bool contact(Travel direction) const { return relay(direction).contact; }
  // How often both relays were on, or both contacts closed, at the same time.
  unsigned shorts() const { return shorts_; }
  // How often it was driven against its motion.
  unsigned reversals() const { return reversals_; }

 private:
  struct Relay {
    bool coil = false;
    bool contact = false;
    std::optional<std::uint64_t> changesAtMs;
  };

  Relay& relay(Travel direction) { return direction == Travel::up ? up_ : down_; }
  const Relay& relay(Travel direction) const { return direction == Travel::up ? up_ : down_; }
  void switchContacts();
  void countShort();
  // The direction in which current is driven through the motor.
  Travel power() const;
  bool atLimit(Travel direction) const;
  bool atObstacle(Travel direction) const;
  void followPower();
  void step();
  bool active() const;

  RelayDeskOptions options_;
  std::uint64_t nowMs_;
  double heightMm_;
  double speedMmPerS_ = 0;  // signed
  Relay up_;
  Relay down_;
  Travel hand_ = Travel::still;
  Travel welded_ = Travel::still;
  bool connected_ = true;
  std::optional<double> obstacleMm_;
  Travel obstacleStops_ = Travel::still;
  Travel powered_ = Travel::still;
  std::uint64_t poweredMs_ = 0;
  bool shorted_ = false;
  unsigned shorts_ = 0;
  unsigned reversals_ = 0;
};

}  // namespace deskd
