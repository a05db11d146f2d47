// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hal/gpio.h"
#include "hal/sim/header.h"

namespace deskd {

using SimLineId = std::size_t;

// Who drives a line from outside of its chip: whoever drives the simulation, or a plant by its number.
using DriveSource = unsigned;
constexpr DriveSource kPerson = 0;
constexpr DriveSource kChip = ~0U;  // the chip itself: in SimLineChange only

struct SimLineChange {
  SimLineId line = 0;
  bool level = false;
  DriveSource source = kPerson;  // whose doing it is
  std::uint64_t atNs = 0;
};

// What the wires of a board do: who drives each line, what is wired to what, and the levels that come of it.
// Time is handed in and only grows. A level is the first of these that there is on the line or on what is
// wired to it: driven low, driven high, pulled from outside (up before down), pulled by the chip (up before
// down), the level it had.
class SimLines {
 public:
  using Changed = std::function<void(const SimLineChange&)>;

  explicit SimLines(const std::vector<SimChip>& chips);

  // Called for every change of a level, in order; those of one instant after all of them are in force. It may
  // not change anything here.
  void onChange(Changed changed) { listeners_.push_back(std::move(changed)); }

  std::size_t size() const { return lines_.size(); }
  // By name, CHIP:OFFSET or LABEL:OFFSET. Throws std::invalid_argument.
  SimLineId find(const std::string& text) const;
  SimLineId find(const GpioAddress& address) const;
  const GpioAddress& address(SimLineId line) const { return lines_[line].address; }
  const std::string& chipLabel(SimLineId line) const { return lines_[line].chipLabel; }
  const std::string& name(SimLineId line) const { return lines_[line].name; }
  // Its name, or CHIP:OFFSET.
  std::string title(SimLineId line) const;
  bool level(SimLineId line) const { return lines_[line].level; }

  // From outside; empty lets go.
  void drive(DriveSource source, SimLineId line, std::optional<bool> level, std::uint64_t nowNs);
  void dropSource(DriveSource source, std::uint64_t nowNs);
  void pull(SimLineId line, SimPull pull, std::uint64_t nowNs);
  void wire(SimLineId a, SimLineId b, std::uint64_t nowNs);
  void unwire(SimLineId line, std::uint64_t nowNs);  // from everything
  // From now on a contact drives the line from outside: after each change it goes back `times` times, evenly
  // within `withinNs`, before it stays. 0: a clean contact again.
  void bounce(SimLineId line, unsigned times, std::uint64_t withinNs);

  // By the chip. The bias is in force with the next output() of the line.
  void bias(SimLineId line, SimPull pull) { lines_[line].innerPull = pull; }
  // All lines at the same time; empty: high impedance.
  using Outputs = std::span<const std::pair<SimLineId, std::optional<bool>>>;
  void output(Outputs outputs, std::uint64_t nowNs);

  // Lets contacts bounce up to `nowNs`.
  void advance(std::uint64_t nowNs);
  std::optional<std::uint64_t> nextNs() const;

 private:
  struct Line {
    GpioAddress address;
    std::string chipLabel;
    std::string name;
    std::map<DriveSource, bool> driven;  // from outside
    std::optional<bool> output;
    SimPull outerPull = SimPull::none;
    SimPull innerPull = SimPull::none;
    unsigned bounces = 0;
    std::uint64_t bounceNs = 0;
    std::size_t net = 0;
    bool level = false;
  };
  struct Train {  // a contact that bounces
    SimLineId line = 0;
    DriveSource source = kPerson;
    std::optional<bool> from;
    std::optional<bool> to;
    std::uint64_t left = 0;  // changes to come; the last is to `to`
    std::uint64_t periodNs = 1;
    std::uint64_t nextNs = 0;
  };

  void setDriven(DriveSource source, SimLineId line, std::optional<bool> level);
  std::optional<bool> drivenBy(DriveSource source, SimLineId line) const;
  void rebuildNets();
  // Lines of these nets get the level that is right now.
  void settle(std::span<const std::size_t> nets, DriveSource source, std::uint64_t nowNs);
  void settleLine(SimLineId line, DriveSource source, std::uint64_t nowNs);
  void settleAll(std::uint64_t nowNs);
  bool levelOf(const std::vector<SimLineId>& net) const;

  std::vector<Line> lines_;
  std::vector<std::pair<SimLineId, SimLineId>> wires_;
  std::vector<std::vector<SimLineId>> nets_;
  std::vector<Train> trains_;
  std::vector<Changed> listeners_;
};

}  // namespace deskd
