// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "hal/checksum.h"

namespace deskd {

enum class FramingKind {
  none,       // every read is a chunk, however the bytes happened to arrive
  fixed,      // `length` bytes, with start, checksum and end where they are given
  delimiter,  // up to a delimiter; two delimiters in a row hold no frame between them
  length,     // start, a length field somewhere behind it, checksum, end
  gap,        // up to a silence on the line
  slip,       // RFC 1055
};

// How a length is written: one byte, or two with the high or the low one first.
enum class LengthField { u8, u16be, u16le };

// What the bytes of a serial line mean as frames. Each field names the kinds it belongs to; the others ignore
// it.
struct FramingOptions {
  FramingKind kind = FramingKind::none;
  // The longest frame, all kinds. A frame that claims or grows to more is dropped and counted.
  std::size_t max = 1024;

  // fixed: the whole frame.
  std::size_t length = 0;

  // delimiter
  std::vector<std::uint8_t> delimiter;
  bool keepDelimiter = false;

  // length; the first two and the checksum also for fixed
  std::vector<std::uint8_t> start;
  std::vector<std::uint8_t> end;
  std::size_t lengthAt = 0;  // index of the length field, counted from the frame's first byte
  LengthField lengthField = LengthField::u8;
  std::size_t extra = 0;  // bytes of the frame that the length field does not count: total = extra + field
  Checksum checksum = Checksum::none;  // stands before the end bytes
  std::optional<std::size_t>
      checksumFrom;  // index of the first byte it covers; default: behind the start bytes
  // length, fixed: an unfinished frame is given up, and what follows its first byte is looked at again, when
  // nothing has arrived for this long. 0: never.
  unsigned idleMs = 100;

  // gap: the silence that ends a frame, in milliseconds; absent: `gapChars` characters on the wire.
  std::optional<unsigned> gapMs;
  double gapChars = 3.5;
  unsigned baudRate = 0;  // for gapChars; SerialLink fills both in
  unsigned bitsPerChar = 10;
};

struct FramerStatistics {
  std::uint64_t frames = 0;
  std::uint64_t garbageBytes = 0;  // every byte that became part of no frame
  std::uint64_t badChecksums = 0;  // candidates with start and end in place and a wrong checksum
  std::uint64_t oversize = 0;      // candidates longer than `max`
};

// Cuts a stream of bytes into frames. Holds at most about twice `max` bytes and allocates only when made.
class Framer {
 public:
  // Receives each frame; the bytes are valid during the call only, in which the framer must be left alone.
  using Sink = std::function<void(std::span<const std::uint8_t>)>;

  virtual ~Framer() = default;
  virtual void feed(std::span<const std::uint8_t> bytes, std::uint64_t nowMs, const Sink& sink) = 0;
  // When expire() is due, if the frame that has begun depends on time.
  virtual std::optional<std::uint64_t> deadlineMs() const = 0;
  // Tells that the line has been silent until now. Only the caller can know that (bytes may wait in the
  // kernel while the process was busy), so feed() never concludes it from its time. Before the deadline this
  // does nothing.
  virtual void expire(std::uint64_t nowMs, const Sink& sink) = 0;
  // Forgets the unfinished frame; its bytes count as garbage.
  virtual void reset() = 0;
  virtual const FramerStatistics& statistics() const = 0;
};

// Throws std::invalid_argument naming the option that makes no sense.
std::unique_ptr<Framer> makeFramer(const FramingOptions& options);

// One frame as RFC 1055 sends it, with an END on both sides.
std::vector<std::uint8_t> slipEncode(std::span<const std::uint8_t> frame);

}  // namespace deskd
