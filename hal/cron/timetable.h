// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "hal/cron/expression.h"
#include "hal/cron/occurrence.h"
#include "hal/cron/time_zone.h"
#include "hal/cron/wall_clock.h"

namespace deskd {

// Which jobs run when, whatever happens to the clock. Has no clock itself: every call is told what it shows.
class Timetable {
 public:
  using Id = std::uint32_t;

  struct Job {
    CronExpression expression{};
    std::shared_ptr<const TimeZone> zone{};
    GapPolicy gap = GapPolicy::once;
    // Runs that nobody was there for, because the clock has jumped over them or the machine was suspended,
    // are made good by one.
    bool runMissed = false;
    // Also by a clock that nobody has synchronised, as long as it is plausible.
    bool runUnsynchronised = false;
    std::int64_t jitterMs = 0;  // a run is up to that late, by chance
  };

  struct Run {
    Id job;
    std::int64_t scheduledMs;  // when it should have been, without jitter
    bool missed;               // and that is longer ago than being busy explains
  };

  // A run that is no later than this is not a missed one.
  static constexpr std::int64_t graceMs = 60'000;
  // When the clock is set back, what has run is not run again: times of the day within this, intervals within
  // the grace. Longer ago it was another time.
  static constexpr std::int64_t repeatAfterMs = 3 * 3'600'000;

  // `random` gives numbers from 0 to below 1.
  explicit Timetable(std::function<double()> random) : random_(std::move(random)) {}

  void add(Id id, Job job, const ClockReading& now);
  void remove(Id id) { entries_.erase(id); }
  // The job's last run was then, in another life of the process.
  void ranBefore(Id id, std::int64_t lastMs, const ClockReading& now);
  // The runs that are due, each job's at most once, in order of time. They count as run.
  std::vector<Run> takeDue(const ClockReading& now);

  // When takeDue() has something to give, unless the clock is set meanwhile.
  std::optional<std::int64_t> wakeAtMs() const;
  bool empty() const { return entries_.empty(); }
  // How many jobs wait for the clock to become right.
  std::size_t held() const;
  bool isHeld(Id id) const;
  // The next run, without jitter; none while the job is held, or if there is none within 60 years.
  std::optional<std::int64_t> nextMs(Id id) const;

 private:
  struct Pending {
    std::int64_t scheduledMs;
    std::int64_t fireMs;
  };
  struct Entry {
    Job job;
    bool held = false;
    std::int64_t heldSinceElapsedMs = 0;
    std::int64_t consideredMs = 0;  // all up to then has run, or will not
    std::optional<std::int64_t> lastScheduledMs;
    std::optional<Pending> pending;
  };

  static bool trusts(const Entry& entry, const ClockReading& now);
  void consider(Entry& entry, std::int64_t fromMs, const ClockReading& now);
  void plan(Entry& entry);
  void follow(Entry& entry, const ClockReading& now);
  std::optional<Run> takeDue(Id id, Entry& entry, const ClockReading& now);

  std::function<double()> random_;
  std::map<Id, Entry> entries_;
};

}  // namespace deskd
