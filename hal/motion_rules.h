// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace deskd {

// What outputs that move something may do, and for how long; no hardware, no clock, so that every case can be
// tried. The caller drives the lines: on only after drive() has agreed, off after release() and for whatever
// expire() names.
//
// An output that is on goes off when nobody renews its lease, when the supervisor has been silent for as long
// as that lease, when it has been on for maxOn, or when the pulse that was asked for is over. Of the members
// of an interlock at most one is on, and none within the dead time after another one has gone off.
class MotionRules {
 public:
  using Id = std::uint32_t;
  using Time = std::chrono::nanoseconds;  // of CLOCK_MONOTONIC
  using Duration = std::chrono::milliseconds;

  struct Limits {
    Duration lease{0};  // above zero
    Duration maxOn{0};  // 0: no limit
    Duration rest{0};   // off for this long after maxOn
  };
  // What is known of a line from before it was declared, and outlives the script that declared it.
  struct History {
    std::optional<Time> lastOff;
    std::optional<Time> restUntil;
  };
  struct Refusal {
    std::string code;
    std::string message;
    Duration wait{0};  // until it would be allowed, if that is only a matter of time
  };
  enum class End { lease, supervisor, maxOn, pulse };
  struct Expired {
    Id id;
    End reason;
  };

  void add(Id id, const Limits& limits, const History& history);
  void remove(Id id);
  // Throws std::invalid_argument unless there are two or more members, all known, and none of them on.
  void interlock(const std::vector<Id>& members, Duration deadTime);

  // Asks to be on, or to stay on, from now for the lease (of this call, or the declared one). An agreement
  // counts from here: it renews the lease, and maxOn runs from the first of them. `pulse`: off after that
  // time, whoever renews.
  std::optional<Refusal> drive(Id id, Time now, std::optional<Duration> lease, std::optional<Duration> pulse);
  void release(Id id, Time now);
  // Its line was driven off just now, a moment after it counted as off: dead times run from here.
  void wentOff(Id id, Time now);
  // False: it is off, so there is nothing to renew.
  bool renew(Id id, Time now);
  // The supervisor is alive.
  void heartbeat(Time now);

  // Those whose time is over; they count as off from now on.
  std::vector<Expired> expire(Time now);
  // When expire() has something to say at the earliest; absent while nothing is on.
  std::optional<Time> next() const;

  bool on(Id id) const;
  bool anyOn() const;
  // The shortest lease among those that are on.
  std::optional<Duration> shortestLease() const;
  History history(Id id) const;

 private:
  struct Output {
    Limits limits;
    History history;
    bool on = false;
    Duration lease{0};
    Time renewed{0};
    Time since{0};
    std::optional<Time> pulseEnd;
  };
  struct Group {
    std::vector<Id> members;
    Duration deadTime{0};
  };

  std::optional<Refusal> refusedByGroups(Id id, Time now) const;
  static void turnOff(Output& output, Time now);
  // When it goes off, and why, unless somebody renews it before.
  std::pair<Time, End> endOf(const Output& output) const;

  std::map<Id, Output> outputs_;
  std::vector<Group> groups_;
  Time heartbeat_{0};
};

const char* nameOf(MotionRules::End reason);

}  // namespace deskd
