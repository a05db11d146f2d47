// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "hal/framer_kinds.h"
#include "hal/framer_window.h"

namespace deskd {
namespace {

// A UART hands bytes over in bursts: a PL011 (Raspberry Pi) interrupts when eight have gathered. While
// characters still follow each other on the wire, a process may therefore wait this many character times
// between two reads.
constexpr double kBurstChars = 8;

std::uint64_t gapOf(const FramingOptions& options) {
  if (options.gapMs) return *options.gapMs;
  const double charMs = 1000.0 * options.bitsPerChar / options.baudRate;
  return std::max<std::uint64_t>(
      2, static_cast<std::uint64_t>(std::ceil((options.gapChars + kBurstChars) * charMs)));
}

class GapFramer final : public Framer {
 public:
  GapFramer(std::size_t max, std::uint64_t gapMs) : max_(max), gapMs_(gapMs), window_(max) {}

  void feed(std::span<const std::uint8_t> bytes, std::uint64_t nowMs, const Sink&) override {
    if (bytes.empty()) return;
    lastByteMs_ = nowMs;
    waiting_ = true;
    if (!skipping_ && bytes.size() > max_ - window_.size()) {
      ++statistics_.oversize;
      skipping_ = true;
      statistics_.garbageBytes += window_.size();
      window_.clear();
    }
    if (skipping_) {
      statistics_.garbageBytes += bytes.size();
    } else {
      window_.append(bytes);
    }
  }

  std::optional<std::uint64_t> deadlineMs() const override {
    if (!waiting_) return std::nullopt;
    return lastByteMs_ + gapMs_;
  }

  void expire(std::uint64_t nowMs, const Sink& sink) override {
    if (!waiting_ || nowMs < lastByteMs_ + gapMs_) return;
    waiting_ = false;
    skipping_ = false;
    if (window_.empty()) return;
    ++statistics_.frames;
    sink(window_.view());
    window_.clear();
  }

  void reset() override {
    statistics_.garbageBytes += window_.size();
    window_.clear();
    waiting_ = false;
    skipping_ = false;
  }

  const FramerStatistics& statistics() const override { return statistics_; }

 private:
  const std::size_t max_;
  const std::uint64_t gapMs_;
  FramerWindow window_;
  std::uint64_t lastByteMs_ = 0;
  bool waiting_ = false;   // bytes have come in since the last silence
  bool skipping_ = false;  // they were too many: drop all up to the next silence
  FramerStatistics statistics_;
};

}  // namespace

std::unique_ptr<Framer> makeGapFramer(const FramingOptions& options) {
  return std::make_unique<GapFramer>(options.max, gapOf(options));
}

}  // namespace deskd
