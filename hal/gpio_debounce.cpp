// SPDX-License-Identifier: Apache-2.0
#include "hal/gpio_debounce.h"

#include <algorithm>

namespace deskd {

GpioDebounce::GpioDebounce(std::uint64_t periodNs, GpioEdge edge, std::vector<bool> levels)
    : periodNs_(periodNs), edge_(edge) {
  for (const bool level : levels)
    lines_.push_back({.level = level});
}

std::optional<GpioEvent> GpioDebounce::add(const GpioEvent& raw) {
  Line& line = lines_.at(raw.line);
  std::optional<GpioEvent> settled;
  if (line.restless && raw.timestampNs >= line.lastNs + periodNs_) settled = accept(raw.line, line.last);
  line.restless = true;
  line.last = raw.rising;
  line.lastNs = raw.timestampNs;
  return settled;
}

std::optional<std::uint64_t> GpioDebounce::dueNs() const {
  std::optional<std::uint64_t> due;
  for (const Line& line : lines_)
    if (line.restless) due = std::min(due.value_or(UINT64_MAX), line.lastNs + periodNs_);
  return due;
}

std::vector<GpioEvent> GpioDebounce::settle(std::uint64_t nowNs, const std::vector<bool>& levels) {
  std::vector<GpioEvent> settled;
  for (std::size_t index = 0; index < lines_.size(); ++index) {
    Line& line = lines_[index];
    if (!line.restless || nowNs < line.lastNs + periodNs_) continue;
    if (levels.at(index) != line.last) {
      line.last = levels[index];
      line.lastNs = nowNs;
      continue;
    }
    line.restless = false;
    if (const auto event = accept(index, line.last)) settled.push_back(*event);
  }
  return settled;
}

std::vector<bool> GpioDebounce::levels() const {
  std::vector<bool> levels;
  for (const Line& line : lines_)
    levels.push_back(line.level);
  return levels;
}

std::optional<GpioEvent> GpioDebounce::accept(std::size_t index, bool level) {
  Line& line = lines_[index];
  if (level == line.level) return std::nullopt;
  line.level = level;
  if (edge_ == GpioEdge::none || edge_ == (level ? GpioEdge::falling : GpioEdge::rising)) return std::nullopt;
  return GpioEvent{index, level, line.lastNs + periodNs_, ++line.sequence};
}

}  // namespace deskd
