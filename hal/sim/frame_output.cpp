// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/frame_output.h"

#include <algorithm>

namespace deskd {
namespace {

constexpr std::size_t kMostChunks = 512;

}  // namespace

void FrameOutput::push(const Bytes& frame, std::uint64_t earliestMs) {
  if (queue_.size() >= kMostChunks) return;
  const std::uint64_t dueMs = std::max(earliestMs, nextFrameMs_);
  nextFrameMs_ = dueMs + spacingMs_;
  if (noise_) pushJunk(frame, dueMs);
  pushSplit(frame, dueMs);
}

void FrameOutput::pushBreak(std::uint64_t nowMs) {
  if (noise_) queue_.push_back({nowMs, {0x00}, {}, true});
}

// What has been seen before good frames: a stray 00, a doubled header byte, a frame that broke off.
void FrameOutput::pushJunk(const Bytes& frame, std::uint64_t dueMs) {
  switch (random_() % 6) {
    case 0:
      queue_.push_back({dueMs, {0x00}, {}, true});
      break;
    case 1:
      queue_.push_back({dueMs, {frame[0]}, {}, true});
      break;
    case 2: {
      const auto kept = static_cast<std::ptrdiff_t>(1 + random_() % (frame.size() - 1));
      queue_.push_back({dueMs, Bytes(frame.begin(), frame.begin() + kept), {}, true});
      break;
    }
    default:
      break;
  }
}

// A character takes 1.04 ms at 9600 baud.
void FrameOutput::pushSplit(const Bytes& frame, std::uint64_t dueMs) {
  for (std::size_t at = 0; at < frame.size();) {
    const std::size_t left = frame.size() - at;
    const std::size_t size = split_ == ByteSplit::whole   ? left
                             : split_ == ByteSplit::bytes ? 1
                                                          : std::min<std::size_t>(left, 1 + random_() % 5);
    const auto from = frame.begin() + static_cast<std::ptrdiff_t>(at);
    queue_.push_back({dueMs + at, Bytes(from, from + static_cast<std::ptrdiff_t>(size)),
                      at == 0 ? frame : Bytes(), false});
    at += size;
  }
}

void FrameOutput::flush(std::uint64_t nowMs, const Sink& sink) {
  while (!queue_.empty() && queue_.front().dueMs <= nowMs) {
    const Chunk chunk = std::move(queue_.front());
    queue_.pop_front();
    sink(chunk);
  }
}

std::optional<std::uint64_t> FrameOutput::nextMs() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.front().dueMs;
}

}  // namespace deskd
