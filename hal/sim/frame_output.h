// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <vector>

namespace deskd {

// How frames reach the other end: in one piece, byte by byte as the line carries them, or cut at random.
enum class ByteSplit { whole, bytes, random };

// A controller's transmitter: frames some time apart, and what a bad cable does to them.
class FrameOutput {
 public:
  using Bytes = std::vector<std::uint8_t>;
  struct Chunk {
    std::uint64_t dueMs = 0;
    Bytes line;   // what arrives
    Bytes frame;  // the whole frame, if these are its first bytes
    bool noise = false;
  };
  using Sink = std::function<void(const Chunk&)>;

  FrameOutput(ByteSplit split, bool noise, unsigned seed, std::uint64_t spacingMs)
      : split_(split), noise_(noise), random_(seed), spacingMs_(spacingMs) {}

  // Not before `earliestMs`, and in order. A queue that nothing could drain in time drops what comes on top.
  void push(const Bytes& frame, std::uint64_t earliestMs);
  // What a line does when the other end's power comes on: reads as 00. Only with noise.
  void pushBreak(std::uint64_t nowMs);
  // Bytes that are no frame, with or without noise.
  void pushStray(const Bytes& bytes, std::uint64_t nowMs) { queue_.push_back({nowMs, bytes, {}, true}); }
  void flush(std::uint64_t nowMs, const Sink& sink);
  void clear() { queue_.clear(); }
  std::optional<std::uint64_t> nextMs() const;

 private:
  void pushSplit(const Bytes& frame, std::uint64_t dueMs);
  void pushJunk(const Bytes& frame, std::uint64_t dueMs);

  const ByteSplit split_;
  const bool noise_;
  std::mt19937 random_;
  const std::uint64_t spacingMs_;
  std::deque<Chunk> queue_;
  std::uint64_t nextFrameMs_ = 0;
};

}  // namespace deskd
