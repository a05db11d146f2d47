// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hal/gpio.h"

namespace deskd {

// Debounces lines as the kernel does where it can: a level counts once no edge has come for a whole period,
// it is reported once, with the time at which it counted, and a level that counted before is never reported
// again. Knows no clock: times are handed in, in nanoseconds of the clock that stamps the edges.
class GpioDebounce {
 public:
  // `levels`: logical, of each line now. `edge`: what is reported.
  GpioDebounce(std::uint64_t periodNs, GpioEdge edge, std::vector<bool> levels);

  // An edge as the hardware reports it, in the order of its timestamps. What is returned, if anything, is the
  // level that counted before this edge, because the caller comes late.
  std::optional<GpioEvent> add(const GpioEvent& raw);

  // When settle() has to be called; empty if all lines are at rest.
  std::optional<std::uint64_t> dueNs() const;

  // Reports the lines for which the period is over. `levels` are those of now: where one is not what the last
  // edge left behind, an edge is on its way or was lost, and the line gets another period.
  std::vector<GpioEvent> settle(std::uint64_t nowNs, const std::vector<bool>& levels);

  // The levels that count.
  std::vector<bool> levels() const;

 private:
  struct Line {
    bool level;             // that counts
    bool restless = false;  // edges came that have not been decided on
    bool last = false;      // level after the last edge
    std::uint64_t lastNs = 0;
    std::uint32_t sequence = 0;
  };

  std::optional<GpioEvent> accept(std::size_t index, bool level);

  const std::uint64_t periodNs_;
  const GpioEdge edge_;
  std::vector<Line> lines_;
};

}  // namespace deskd
