// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace deskd {

enum class SimPull { none, up, down };

// A GPIO chip as the kernel shows it, with what its pins do before anybody asks.
struct SimChip {
  struct Line {
    std::string name;  // empty where the board gives none
    SimPull pull = SimPull::none;
  };
  std::string name;
  std::string label;
  std::vector<Line> lines;
};

enum class SimHeader { pi4, pi5 };

// The chips of a Raspberry Pi 4 or 5, with the line names of their device trees (Linux 6.x).
std::vector<SimChip> makeHeader(SimHeader header);

}  // namespace deskd
