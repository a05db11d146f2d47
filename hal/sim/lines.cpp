// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/lines.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

namespace deskd {
namespace {

// The stronger of two pulls on one net: up before down.
SimPull stronger(SimPull a, SimPull b) {
  if (a == SimPull::up || b == SimPull::up) return SimPull::up;
  return a == SimPull::down || b == SimPull::down ? SimPull::down : SimPull::none;
}

std::optional<unsigned> offsetIn(const std::string& text) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return static_cast<unsigned>(std::stoul(text));
}

}  // namespace

SimLines::SimLines(const std::vector<SimChip>& chips) {
  for (const SimChip& chip : chips) {
    for (const SimChip::Line& line : chip.lines) {
      Line made;
      made.address = {chip.name, static_cast<unsigned>(&line - chip.lines.data())};
      made.chipLabel = chip.label;
      made.name = line.name;
      made.innerPull = line.pull;
      made.level = line.pull == SimPull::up;
      lines_.push_back(std::move(made));
    }
  }
  rebuildNets();
}

SimLineId SimLines::find(const std::string& text) const {
  const auto colon = text.rfind(':');
  const auto offset = colon == std::string::npos ? std::nullopt : offsetIn(text.substr(colon + 1));
  const std::string chip = text.substr(0, colon);
  const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const Line& line) {
    if (!text.empty() && line.name == text) return true;
    return offset && line.address.offset == *offset && (line.address.chip == chip || line.chipLabel == chip);
  });
  if (found == lines_.end())
    throw std::invalid_argument("line: expected a name, such as GPIO17, or CHIP:OFFSET, found " + text);
  return static_cast<SimLineId>(found - lines_.begin());
}

SimLineId SimLines::find(const GpioAddress& address) const {
  const auto found =
      std::find_if(lines_.begin(), lines_.end(), [&](const Line& line) { return line.address == address; });
  if (found == lines_.end())
    throw std::invalid_argument("there is no line " + address.chip + ":" + std::to_string(address.offset));
  return static_cast<SimLineId>(found - lines_.begin());
}

std::string SimLines::title(SimLineId line) const {
  const Line& known = lines_[line];
  return known.name.empty() ? known.address.chip + ":" + std::to_string(known.address.offset) : known.name;
}

void SimLines::drive(DriveSource source, SimLineId line, std::optional<bool> level, std::uint64_t nowNs) {
  std::erase_if(trains_, [&](const Train& train) { return train.line == line && train.source == source; });
  const auto before = drivenBy(source, line);
  setDriven(source, line, level);
  const Line& driven = lines_[line];
  if (driven.bounces > 0 && before != level) {
    const std::uint64_t changes = 2ULL * driven.bounces;
    const std::uint64_t period = std::max<std::uint64_t>(1, driven.bounceNs / changes);
    trains_.push_back({line, source, before, level, changes, period, nowNs + period});
  }
  settleLine(line, source, nowNs);
}

void SimLines::dropSource(DriveSource source, std::uint64_t nowNs) {
  std::erase_if(trains_, [&](const Train& train) { return train.source == source; });
  for (Line& line : lines_)
    line.driven.erase(source);
  settleAll(nowNs);
}

void SimLines::pull(SimLineId line, SimPull pull, std::uint64_t nowNs) {
  lines_[line].outerPull = pull;
  settleLine(line, kPerson, nowNs);
}

void SimLines::wire(SimLineId a, SimLineId b, std::uint64_t nowNs) {
  wires_.emplace_back(a, b);
  rebuildNets();
  settleAll(nowNs);
}

void SimLines::unwire(SimLineId line, std::uint64_t nowNs) {
  std::erase_if(wires_, [&](const auto& wire) { return wire.first == line || wire.second == line; });
  rebuildNets();
  settleAll(nowNs);
}

void SimLines::bounce(SimLineId line, unsigned times, std::uint64_t withinNs) {
  lines_[line].bounces = times;
  lines_[line].bounceNs = withinNs;
}

void SimLines::output(Outputs outputs, std::uint64_t nowNs) {
  std::vector<std::size_t> nets;
  for (const auto& [line, level] : outputs) {
    lines_[line].output = level;
    nets.push_back(lines_[line].net);
  }
  settle(nets, kChip, nowNs);
}

void SimLines::advance(std::uint64_t nowNs) {
  for (auto next = nextNs(); next && *next <= nowNs; next = nextNs()) {
    const auto due = std::find_if(trains_.begin(), trains_.end(),
                                  [&](const Train& train) { return train.nextNs == *next; });
    --due->left;
    setDriven(due->source, due->line, due->left % 2 == 0 ? due->to : due->from);
    const SimLineId line = due->line;
    const DriveSource source = due->source;
    if (due->left == 0)
      trains_.erase(due);
    else
      due->nextNs += due->periodNs;
    settleLine(line, source, *next);
  }
}

std::optional<std::uint64_t> SimLines::nextNs() const {
  const auto first = std::min_element(trains_.begin(), trains_.end(),
                                      [](const Train& a, const Train& b) { return a.nextNs < b.nextNs; });
  return first == trains_.end() ? std::nullopt : std::optional(first->nextNs);
}

void SimLines::setDriven(DriveSource source, SimLineId line, std::optional<bool> level) {
  if (level)
    lines_[line].driven[source] = *level;
  else
    lines_[line].driven.erase(source);
}

std::optional<bool> SimLines::drivenBy(DriveSource source, SimLineId line) const {
  const auto found = lines_[line].driven.find(source);
  return found == lines_[line].driven.end() ? std::nullopt : std::optional(found->second);
}

void SimLines::rebuildNets() {
  std::vector<std::size_t> net(lines_.size());
  std::iota(net.begin(), net.end(), 0U);
  for (const auto& [a, b] : wires_) {
    const std::size_t kept = net[a];
    std::replace(net.begin(), net.end(), net[b], kept);
  }
  nets_.assign(lines_.size(), {});
  for (SimLineId line = 0; line < lines_.size(); ++line) {
    lines_[line].net = net[line];
    nets_[net[line]].push_back(line);
  }
}

void SimLines::settleLine(SimLineId line, DriveSource source, std::uint64_t nowNs) {
  const std::array<std::size_t, 1> nets{lines_[line].net};
  settle(nets, source, nowNs);
}

void SimLines::settleAll(std::uint64_t nowNs) {
  std::vector<std::size_t> nets(nets_.size());
  std::iota(nets.begin(), nets.end(), 0U);
  settle(nets, kPerson, nowNs);
}

void SimLines::settle(std::span<const std::size_t> nets, DriveSource source, std::uint64_t nowNs) {
  std::vector<SimLineChange> changes;
  for (const std::size_t net : nets) {
    if (nets_[net].empty()) continue;
    const bool level = levelOf(nets_[net]);
    for (const SimLineId line : nets_[net]) {
      if (lines_[line].level == level) continue;
      lines_[line].level = level;
      changes.push_back({line, level, source, nowNs});
    }
  }
  for (const SimLineChange& change : changes)
    for (const Changed& listener : listeners_)
      listener(change);
}

bool SimLines::levelOf(const std::vector<SimLineId>& net) const {
  bool high = false;
  SimPull outer = SimPull::none;
  SimPull inner = SimPull::none;
  for (const SimLineId id : net) {
    const Line& line = lines_[id];
    if (line.output == false) return false;
    high = high || line.output == true;
    for (const auto& [source, level] : line.driven) {
      if (!level) return false;
      high = true;
    }
    outer = stronger(outer, line.outerPull);
    inner = stronger(inner, line.innerPull);
  }
  if (high) return true;
  const SimPull pull = outer != SimPull::none ? outer : inner;
  return pull == SimPull::none ? lines_[net.front()].level : pull == SimPull::up;
}

}  // namespace deskd
