// SPDX-License-Identifier: Apache-2.0
#include "hal/cron/timetable.h"

#include <algorithm>

namespace deskd {

void Timetable::add(Id id, Job job, const ClockReading& now) {
  Entry& entry = entries_[id] = Entry{std::move(job), true, now.elapsedMs, now.wallMs, {}, {}};
  follow(entry, now);
}

void Timetable::ranBefore(Id id, std::int64_t lastMs, const ClockReading& now) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.lastScheduledMs && *entry.lastScheduledMs >= lastMs) return;
  entry.lastScheduledMs = lastMs;
  if (entry.held) return;
  consider(entry, entry.job.runMissed ? std::min(lastMs, entry.consideredMs) : entry.consideredMs, now);
}

std::vector<Timetable::Run> Timetable::takeDue(const ClockReading& now) {
  std::vector<std::pair<std::int64_t, Run>> due;
  for (auto& [id, entry] : entries_) {
    follow(entry, now);
    const std::int64_t fireMs = entry.pending ? entry.pending->fireMs : 0;
    if (const auto run = takeDue(id, entry, now)) due.emplace_back(fireMs, *run);
  }
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Run> runs;
  for (const auto& [fireMs, run] : due)
    runs.push_back(run);
  return runs;
}

std::optional<std::int64_t> Timetable::wakeAtMs() const {
  std::optional<std::int64_t> first;
  for (const auto& [id, entry] : entries_)
    if (entry.pending && (!first || entry.pending->fireMs < *first)) first = entry.pending->fireMs;
  return first;
}

std::size_t Timetable::held() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const auto& item) { return item.second.held; }));
}

bool Timetable::isHeld(Id id) const {
  const auto found = entries_.find(id);
  return found != entries_.end() && found->second.held;
}

std::optional<std::int64_t> Timetable::nextMs(Id id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end() || !found->second.pending) return std::nullopt;
  return found->second.pending->scheduledMs;
}

bool Timetable::trusts(const Entry& entry, const ClockReading& now) {
  return now.synchronised || (entry.job.runUnsynchronised && now.plausible);
}

// Takes account of what has happened to the clock since the last look.
void Timetable::follow(Entry& entry, const ClockReading& now) {
  if (!trusts(entry, now)) {
    if (!entry.held) entry.heldSinceElapsedMs = now.elapsedMs;
    entry.held = true;
    entry.pending.reset();
  } else if (entry.held) {
    entry.held = false;
    // When the hold began, by a clock that is right. What is remembered may be from before that.
    std::int64_t from = now.wallMs - (now.elapsedMs - entry.heldSinceElapsedMs);
    if (entry.job.runMissed && entry.lastScheduledMs) from = std::min(from, *entry.lastScheduledMs);
    consider(entry, from, now);
  } else if (now.wallMs < entry.consideredMs) {
    consider(entry, now.wallMs, now);
  }
}

// Everything after `fromMs` is to run, except what has run already.
void Timetable::consider(Entry& entry, std::int64_t fromMs, const ClockReading& now) {
  const std::int64_t again = entry.job.expression.interval ? graceMs : repeatAfterMs;
  const auto& last = entry.lastScheduledMs;
  entry.consideredMs = last && *last > fromMs && *last - now.wallMs <= again ? *last : fromMs;
  plan(entry);
}

void Timetable::plan(Entry& entry) {
  entry.pending.reset();
  const auto next = nextOccurrence(entry.job.expression, *entry.job.zone, entry.job.gap, entry.consideredMs);
  if (!next) return;
  const auto jitter = static_cast<std::int64_t>(random_() * static_cast<double>(entry.job.jitterMs + 1));
  entry.pending = Pending{*next, *next + std::min(jitter, entry.job.jitterMs)};
}

std::optional<Timetable::Run> Timetable::takeDue(Id id, Entry& entry, const ClockReading& now) {
  if (!entry.pending || entry.pending->fireMs > now.wallMs) return std::nullopt;
  bool missed = false;
  if (now.wallMs - entry.pending->fireMs > graceMs) {
    const Pending first = *entry.pending;
    // Of those that the clock has jumped over, one may be due now.
    entry.consideredMs = now.wallMs - graceMs;
    plan(entry);
    const bool recent = entry.pending && entry.pending->scheduledMs <= now.wallMs;
    if (recent && entry.pending->fireMs > now.wallMs) return std::nullopt;  // its jitter is not over
    if (!recent) {
      entry.pending = first;
      missed = true;
    }
  }
  const Run run{id, entry.pending->scheduledMs, missed};
  entry.consideredMs = now.wallMs;
  if (!missed || entry.job.runMissed) entry.lastScheduledMs = run.scheduledMs;
  plan(entry);
  return !missed || entry.job.runMissed ? std::optional(run) : std::nullopt;
}

}  // namespace deskd
