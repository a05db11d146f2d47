// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace deskd {

// Whether colours are printed.
enum class Colour { no, yes };

// "12 s", "5 min", "3 h", "12 d"
std::string durationText(std::uint64_t microseconds);
// "812 KiB", "12.3 MiB"
std::string bytesText(std::uint64_t bytes);
// "0.35 s", "12 s", "3.5 min", "2.5 h"
std::string cpuText(std::uint64_t microseconds);

// How many columns the text takes; every character counts as one.
std::size_t width(const std::string& text);
// At most so many columns, with an ellipsis at the end if something is left out.
std::string shortened(const std::string& text, std::size_t columns);
// Filled up with blanks.
std::string padded(const std::string& text, std::size_t columns);
// On one line, with what is not printable as \xHH; bytes need not be text.
std::string printable(const std::string& bytes);

// An error in one line: "TypeError: x is no function (desk.js:12:5)". Its place is the last thing left out,
// the directory the first.
std::string errorText(const std::string& error, std::size_t columns);

std::string coloured(const std::string& text, const char* code, Colour colour);
// Whether standard output is a terminal, and nobody has said NO_COLOR.
Colour colourOfOutput();

}  // namespace deskd
