// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/text.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "hal/base/utf8.h"

namespace deskd {
namespace {

std::string withOneDigit(double value, const char* unit) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, unit);
  return text;
}

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

}  // namespace

std::string durationText(std::uint64_t microseconds) {
  const std::uint64_t seconds = microseconds / 1000000;
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (seconds < 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < std::uint64_t{48} * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " d";
}

std::string bytesText(std::uint64_t bytes) {
  if (bytes < 1024 * 1024) return std::to_string(bytes / 1024) + " KiB";
  return withOneDigit(static_cast<double>(bytes) / (1024.0 * 1024), "MiB");
}

std::string cpuText(std::uint64_t microseconds) {
  const double seconds = static_cast<double>(microseconds) / 1e6;
  char text[32];
  std::snprintf(text, sizeof text, seconds < 10 ? "%.2f s" : "%.0f s", seconds);
  if (seconds < 100) return text;
  return seconds < 3600 ? withOneDigit(seconds / 60, "min") : withOneDigit(seconds / 3600, "h");
}

std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !continues(byte); }));
}

std::string shortened(const std::string& text, std::size_t columns) {
  if (width(text) <= columns) return text;
  if (columns == 0) return "";
  std::size_t end = 0;
  for (std::size_t count = 0; count < columns - 1; ++count)
    for (++end; end < text.size() && continues(text[end]);)
      ++end;
  return text.substr(0, end) + "…";
}

std::string padded(const std::string& text, std::size_t columns) {
  const std::size_t has = width(text);
  return has >= columns ? text : text + std::string(columns - has, ' ');
}

std::string printable(const std::string& bytes) {
  const bool text = isUtf8(bytes);
  std::string out;
  for (const char letter : bytes) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte >= 0x20 && byte != 0x7f && (byte < 0x80 || text)) {
      out += letter;
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\x%02x", byte);
    out += escape;
  }
  return out;
}

std::string errorText(const std::string& error, std::size_t columns) {
  const std::size_t open = error.rfind(" (");
  const bool placed = open != std::string::npos && error.back() == ')';
  std::string message = error.substr(0, placed ? open : std::string::npos);
  message = printable(message.substr(0, message.find('\n')));
  std::string place;
  if (placed) {
    const std::size_t slash = error.rfind('/');
    const std::size_t from = slash != std::string::npos && slash > open ? slash + 1 : open + 2;
    place = " (" + printable(error.substr(from, error.size() - from - 1)) + ")";
  }
  if (width(place) + 10 > columns) return shortened(message + place, columns);
  return shortened(message, columns - width(place)) + place;
}

std::string coloured(const std::string& text, const char* code, Colour colour) {
  return colour == Colour::no ? text : std::string("\x1b[") + code + "m" + text + "\x1b[0m";
}

Colour colourOfOutput() {
  const char* no = std::getenv("NO_COLOR");
  const bool plain = (no != nullptr && *no != '\0') || ::isatty(STDOUT_FILENO) == 0;
  return plain ? Colour::no : Colour::yes;
}

}  // namespace deskd
