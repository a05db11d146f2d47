// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace deskd {

// Three digits of seven segments, bit 7 the point (muxa/esphome-loctekmotion-desk,
// docs/7-SEGMENT-DISPLAY.md).
using Segments = std::array<std::uint8_t, 3>;

enum class LoctekUnits { cm, inch };

// "79.5", "121", "E01", "r5t", ":45", " on"; three characters and at most one point. Throws
// std::invalid_argument for what seven segments cannot show.
Segments segmentsOf(std::string_view text);

// As the controller shows it: tenths below 100, and from there on rounded to whole centimetres.
std::string shownHeight(double heightMm, LoctekUnits units);

}  // namespace deskd
