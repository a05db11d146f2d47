// SPDX-License-Identifier: Apache-2.0
#include "hal/framer.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "hal/framer_kinds.h"

namespace deskd {
namespace {

constexpr std::size_t kLargestMax = 1024 * 1024;
constexpr std::size_t kLargestMark = 16;

void expect(bool holds, const char* option, const std::string& expected, const std::string& found) {
  if (holds) return;
  throw std::invalid_argument("framing option " + std::string(option) + ": expected " + expected +
                              ", found " + found);
}

void expect(bool holds, const char* option, const std::string& expected, std::size_t found) {
  expect(holds, option, expected, std::to_string(found));
}

std::size_t fieldSize(LengthField field) {
  return field == LengthField::u8 ? 1 : 2;
}

void validateMarks(const FramingOptions& options) {
  const std::string most = "at most " + std::to_string(kLargestMark) + " bytes";
  expect(options.start.size() <= kLargestMark, "start", most, options.start.size());
  expect(options.end.size() <= kLargestMark, "end", most, options.end.size());
  if (options.checksumFrom) {
    expect(options.checksum != Checksum::none, "checksumFrom", "a checksum beside it", "none");
  }
}

// Bytes that a frame has in any case: the header up to `header`, the checksum and the end.
std::size_t leastTotal(const FramingOptions& options, std::size_t header) {
  return std::max({header, options.start.size(), options.checksumFrom.value_or(0)}) +
         checksumSize(options.checksum) + options.end.size();
}

void validateFixed(const FramingOptions& options) {
  validateMarks(options);
  expect(options.length >= 1, "length", "at least 1 byte", options.length);
  expect(options.length <= options.max, "length", "at most max (" + std::to_string(options.max) + ")",
         options.length);
  const std::size_t least = leastTotal(options, 0);
  expect(options.length >= least, "length",
         "room for start, checksum and end (" + std::to_string(least) + " bytes)", options.length);
}

void validateLength(const FramingOptions& options) {
  validateMarks(options);
  expect(options.lengthAt >= options.start.size(), "lengthAt",
         "an index behind the " + std::to_string(options.start.size()) + " start bytes", options.lengthAt);
  const std::size_t size = fieldSize(options.lengthField);
  const std::size_t least = leastTotal(options, options.lengthAt + size);
  expect(least <= options.max, "max", "room for the shortest frame (" + std::to_string(least) + " bytes)",
         options.max);
  expect(options.extra <= options.max, "extra", "at most max (" + std::to_string(options.max) + ")",
         options.extra);
  const std::size_t largest = size == 1 ? 0xFF : 0xFFFF;
  expect(options.extra + largest >= least, "extra",
         "a value with which the length field can reach the shortest frame (" + std::to_string(least) +
             " bytes)",
         options.extra);
}

void validateDelimiter(const FramingOptions& options) {
  const std::size_t size = options.delimiter.size();
  expect(size >= 1 && size <= kLargestMark, "delimiter", "1 to " + std::to_string(kLargestMark) + " bytes",
         size);
}

void validateGap(const FramingOptions& options) {
  if (options.gapMs) {
    expect(*options.gapMs >= 1 && *options.gapMs <= 60'000, "gapMs", "1 to 60000", *options.gapMs);
    return;
  }
  const double chars = options.gapChars;
  expect(std::isfinite(chars) && chars > 0 && chars <= 1000, "gapChars", "more than 0, at most 1000",
         std::to_string(chars));
  expect(options.baudRate > 0, "baudRate", "the rate that gapChars is measured in, or gapMs", "0");
  expect(options.bitsPerChar >= 7 && options.bitsPerChar <= 12, "bitsPerChar", "7 to 12",
         options.bitsPerChar);
}

}  // namespace

std::unique_ptr<Framer> makeFramer(const FramingOptions& options) {
  expect(options.max >= 1 && options.max <= kLargestMax, "max",
         "1 to " + std::to_string(kLargestMax) + " bytes", options.max);
  switch (options.kind) {
    case FramingKind::none:
      return makeChunkFramer(options);
    case FramingKind::fixed:
      validateFixed(options);
      return makeMarkedFramer(options);
    case FramingKind::length:
      validateLength(options);
      return makeMarkedFramer(options);
    case FramingKind::delimiter:
      validateDelimiter(options);
      return makeDelimiterFramer(options);
    case FramingKind::gap:
      validateGap(options);
      return makeGapFramer(options);
    case FramingKind::slip:
      return makeSlipFramer(options);
  }
  throw std::invalid_argument("framing option kind: unknown value " +
                              std::to_string(static_cast<int>(options.kind)));
}

}  // namespace deskd
