// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hal/framer.h"
#include "tests/hal/bytes.h"

// Framings of real desk controllers, and a way to run bytes through one.
namespace deskd::test {

// F2 F2 CMD LEN params SUM 7E; F1 F1 in the other direction (phord/Jarvis README).
inline FramingOptions jiecang(std::uint8_t header = 0xF2) {
  FramingOptions options;
  options.kind = FramingKind::length;
  options.max = 64;
  options.start = {header, header};
  options.lengthAt = 3;
  options.extra = 6;
  options.checksum = Checksum::sum8;
  options.end = {0x7E};
  return options;
}

// 9B LEN TYPE payload CRChi CRClo 9D (iMicknl/LoctekMotion_IoT README).
inline FramingOptions loctek() {
  FramingOptions options;
  options.kind = FramingKind::length;
  options.max = 64;
  options.start = {0x9B};
  options.lengthAt = 1;
  options.extra = 2;
  options.checksum = Checksum::crc16ModbusBe;
  options.end = {0x9D};
  return options;
}

// F4 F3 F2 F1, a length of two bytes with the low one first, that many bytes, F8 F7 F6 F5 (data sheet).
inline FramingOptions ld2410() {
  FramingOptions options;
  options.kind = FramingKind::length;
  options.max = 64;
  options.start = {0xF4, 0xF3, 0xF2, 0xF1};
  options.lengthAt = 4;
  options.lengthField = LengthField::u16le;
  options.extra = 10;
  options.end = {0xF8, 0xF7, 0xF6, 0xF5};
  return options;
}

// 68 01 CMD VH VL SUM 16, the sum over bytes 1 to 4 (xvzf's notes on Kaidi).
inline FramingOptions kaidi() {
  FramingOptions options;
  options.kind = FramingKind::fixed;
  options.length = 7;
  options.start = {0x68, 0x01};
  options.checksum = Checksum::sum8;
  options.checksumFrom = 1;
  options.end = {0x16};
  return options;
}

inline FramingOptions delimitedBy(const Bytes& delimiter) {
  FramingOptions options;
  options.kind = FramingKind::delimiter;
  options.delimiter = delimiter;
  return options;
}

inline FramingOptions gapOfMs(unsigned gapMs) {
  FramingOptions options;
  options.kind = FramingKind::gap;
  options.gapMs = gapMs;
  return options;
}

inline FramingOptions ofKind(FramingKind kind) {
  FramingOptions options;
  options.kind = kind;
  return options;
}

// A framer with a clock that only moves when told, and the frames it has found, in hex.
class Bench {
 public:
  explicit Bench(const FramingOptions& options) : framer_(makeFramer(options)) {}

  Bench& feed(const Bytes& bytes) {
    framer_->feed(bytes, nowMs, sink_);
    return *this;
  }
  Bench& feedByteByByte(const Bytes& bytes) {
    for (const std::uint8_t byte : bytes)
      framer_->feed(Bytes{byte}, nowMs, sink_);
    return *this;
  }
  Bench& wait(std::uint64_t ms) {
    nowMs += ms;
    framer_->expire(nowMs, sink_);
    return *this;
  }
  // Lets every deadline pass.
  Bench& silence() { return wait(100'000); }

  std::vector<std::string> take() { return std::exchange(frames_, {}); }
  Framer& framer() { return *framer_; }
  const FramerStatistics& statistics() const { return framer_->statistics(); }

  std::uint64_t nowMs = 1000;

 private:
  std::unique_ptr<Framer> framer_;
  std::vector<std::string> frames_;
  Framer::Sink sink_ = [this](std::span<const std::uint8_t> frame) { frames_.push_back(toHex(frame)); };
};

}  // namespace deskd::test
