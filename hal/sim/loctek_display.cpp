// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/loctek_display.h"

#include <cmath>
#include <stdexcept>

namespace deskd {
namespace {

constexpr std::uint8_t kPoint = 0x80;

struct Glyph {
  char character;
  std::uint8_t segments;
};

constexpr Glyph kGlyphs[] = {
    {'0', 0x3F}, {'1', 0x06}, {'2', 0x5B}, {'3', 0x4F}, {'4', 0x66}, {'5', 0x6D}, {'6', 0x7D},
    {'7', 0x07}, {'8', 0x7F}, {'9', 0x6F}, {' ', 0x00}, {'-', 0x40}, {':', 0x09}, {'A', 0x77},
    {'C', 0x39}, {'E', 0x79}, {'F', 0x71}, {'H', 0x76}, {'L', 0x38}, {'N', 0x37}, {'O', 0x3F},
    {'S', 0x6D}, {'n', 0x54}, {'o', 0x5C}, {'r', 0x50}, {'s', 0x6D}, {'t', 0x78},
};

std::uint8_t segmentsOf(char character, std::string_view text) {
  for (const Glyph& glyph : kGlyphs) {
    if (glyph.character == character) return glyph.segments;
  }
  throw std::invalid_argument(
      "display: expected three of 0-9 A C E F H L N O S n o r s t : - and blank, found " + std::string(text));
}

}  // namespace

Segments segmentsOf(std::string_view text) {
  Segments segments{};
  std::size_t at = 0;
  for (const char character : text) {
    if (character == '.' && at > 0) {
      segments[at - 1] |= kPoint;
    } else if (at < segments.size()) {
      segments[at++] = segmentsOf(character, text);
    } else {
      at = segments.size() + 1;
      break;
    }
  }
  if (at != segments.size())
    throw std::invalid_argument("display: expected three characters, found " + std::string(text));
  return segments;
}

std::string shownHeight(double heightMm, LoctekUnits units) {
  const long tenths = std::lround(units == LoctekUnits::inch ? heightMm / 2.54 : heightMm);
  if (tenths >= 1000) return std::to_string(std::lround(heightMm / 10));
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace deskd
