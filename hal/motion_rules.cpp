// SPDX-License-Identifier: Apache-2.0
#include "hal/motion_rules.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace deskd {
namespace {

// Rounded up, so that who waits for so long is not refused again.
MotionRules::Duration left(MotionRules::Time until, MotionRules::Time now) {
  return std::chrono::ceil<MotionRules::Duration>(until - now);
}

std::string inMs(MotionRules::Duration duration) {
  return std::to_string(duration.count()) + " ms";
}

}  // namespace

void MotionRules::add(Id id, const Limits& limits, const History& history) {
  if (limits.lease <= Duration(0)) throw std::invalid_argument("lease: expected more than 0 ms");
  outputs_[id] = Output{limits, history, false, limits.lease, Time(0), Time(0), std::nullopt};
}

void MotionRules::remove(Id id) {
  outputs_.erase(id);
  for (Group& group : groups_)
    std::erase(group.members, id);
  std::erase_if(groups_, [](const Group& group) { return group.members.size() < 2; });
}

void MotionRules::interlock(const std::vector<Id>& members, Duration deadTime) {
  if (members.size() < 2) throw std::invalid_argument("interlock: expected two outputs or more");
  for (auto id = members.begin(); id != members.end(); ++id) {
    const auto found = outputs_.find(*id);
    if (found == outputs_.end()) throw std::invalid_argument("interlock: expected outputs that are declared");
    if (std::find(members.begin(), id, *id) != id)
      throw std::invalid_argument("interlock: expected each output once");
    if (found->second.on) throw std::invalid_argument("interlock: expected outputs that are off");
  }
  groups_.push_back({members, deadTime});
}

std::optional<MotionRules::Refusal> MotionRules::refusedByGroups(Id id, Time now) const {
  for (const Group& group : groups_) {
    if (std::find(group.members.begin(), group.members.end(), id) == group.members.end()) continue;
    for (const Id other : group.members) {
      if (other == id) continue;
      const Output& output = outputs_.at(other);
      if (output.on) return Refusal{"ERR_INTERLOCK", "another output of its interlock is on", Duration(0)};
      if (!output.history.lastOff) continue;
      const Time allowed = *output.history.lastOff + group.deadTime;
      if (now < allowed)
        return Refusal{"ERR_DEAD_TIME",
                       "another output of its interlock went off less than " + inMs(group.deadTime) +
                           " ago: allowed in " + inMs(left(allowed, now)),
                       left(allowed, now)};
    }
  }
  return std::nullopt;
}

std::optional<MotionRules::Refusal> MotionRules::drive(Id id, Time now, std::optional<Duration> lease,
                                                       std::optional<Duration> pulse) {
  const auto found = outputs_.find(id);
  if (found == outputs_.end()) return Refusal{"ERR_CLOSED", "the output is closed", Duration(0)};
  Output& output = found->second;
  if (!output.on) {
    if (output.history.restUntil && now < *output.history.restUntil)
      return Refusal{"ERR_RESTING",
                     "it was on for " + inMs(output.limits.maxOn) + " and rests: allowed in " +
                         inMs(left(*output.history.restUntil, now)),
                     left(*output.history.restUntil, now)};
    if (auto refusal = refusedByGroups(id, now)) return refusal;
    // While nothing is on the supervisor need not say that it lives: its silence counts from here.
    if (!anyOn()) heartbeat_ = now;
    output.on = true;
    output.since = now;
    output.pulseEnd.reset();
  }
  output.lease = lease.value_or(output.limits.lease);
  output.renewed = now;
  if (pulse) output.pulseEnd = now + *pulse;
  return std::nullopt;
}

void MotionRules::turnOff(Output& output, Time now) {
  output.on = false;
  output.history.lastOff = now;
}

void MotionRules::release(Id id, Time now) {
  const auto found = outputs_.find(id);
  if (found != outputs_.end() && found->second.on) turnOff(found->second, now);
}

void MotionRules::wentOff(Id id, Time now) {
  const auto found = outputs_.find(id);
  if (found != outputs_.end() && !found->second.on) found->second.history.lastOff = now;
}

bool MotionRules::renew(Id id, Time now) {
  const auto found = outputs_.find(id);
  if (found == outputs_.end() || !found->second.on) return false;
  found->second.renewed = now;
  return true;
}

void MotionRules::heartbeat(Time now) {
  heartbeat_ = now;
}

std::pair<MotionRules::Time, MotionRules::End> MotionRules::endOf(const Output& output) const {
  std::pair<Time, End> end{output.renewed + output.lease, End::lease};
  const auto consider = [&end](Time time, End reason) {
    if (time < end.first) end = {time, reason};
  };
  consider(heartbeat_ + output.lease, End::supervisor);
  if (output.limits.maxOn > Duration(0)) consider(output.since + output.limits.maxOn, End::maxOn);
  if (output.pulseEnd) consider(*output.pulseEnd, End::pulse);
  return end;
}

std::vector<MotionRules::Expired> MotionRules::expire(Time now) {
  std::vector<Expired> expired;
  for (auto& [id, output] : outputs_) {
    if (!output.on) continue;
    const auto [when, reason] = endOf(output);
    if (now < when) continue;
    turnOff(output, now);
    if (reason == End::maxOn) output.history.restUntil = now + output.limits.rest;
    expired.push_back({id, reason});
  }
  return expired;
}

std::optional<MotionRules::Time> MotionRules::next() const {
  std::optional<Time> first;
  for (const auto& [id, output] : outputs_)
    if (output.on && (!first || endOf(output).first < *first)) first = endOf(output).first;
  return first;
}

bool MotionRules::on(Id id) const {
  const auto found = outputs_.find(id);
  return found != outputs_.end() && found->second.on;
}

bool MotionRules::anyOn() const {
  return std::any_of(outputs_.begin(), outputs_.end(), [](const auto& item) { return item.second.on; });
}

std::optional<MotionRules::Duration> MotionRules::shortestLease() const {
  std::optional<Duration> shortest;
  for (const auto& [id, output] : outputs_)
    if (output.on && (!shortest || output.lease < *shortest)) shortest = output.lease;
  return shortest;
}

MotionRules::History MotionRules::history(Id id) const {
  const auto found = outputs_.find(id);
  return found == outputs_.end() ? History() : found->second.history;
}

const char* nameOf(MotionRules::End reason) {
  switch (reason) {
    case MotionRules::End::lease:
      return "lease";
    case MotionRules::End::supervisor:
      return "supervisor";
    case MotionRules::End::maxOn:
      return "maxOn";
    case MotionRules::End::pulse:
      return "pulse";
  }
  return "unknown";
}

}  // namespace deskd
