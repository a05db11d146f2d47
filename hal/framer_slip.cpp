// SPDX-License-Identifier: Apache-2.0
#include "hal/framer_kinds.h"

namespace deskd {
namespace {

constexpr std::uint8_t kEnd = 0xC0;
constexpr std::uint8_t kEscape = 0xDB;
constexpr std::uint8_t kEscapedEnd = 0xDC;
constexpr std::uint8_t kEscapedEscape = 0xDD;

// An escape that RFC 1055 does not know spoils its frame: what follows counts again from the next END on.
class SlipFramer final : public Framer {
 public:
  explicit SlipFramer(std::size_t max) : max_(max) { frame_.reserve(max); }

  void feed(std::span<const std::uint8_t> bytes, std::uint64_t, const Sink& sink) override {
    for (const std::uint8_t byte : bytes) {
      if (byte == kEnd) {
        finish(sink);
      } else {
        ++rawBytes_;
        if (state_ != State::skipping) take(byte);
      }
    }
  }
  std::optional<std::uint64_t> deadlineMs() const override { return std::nullopt; }
  void expire(std::uint64_t, const Sink&) override {}
  void reset() override {
    statistics_.garbageBytes += rawBytes_;
    restart();
  }
  const FramerStatistics& statistics() const override { return statistics_; }

 private:
  enum class State { plain, escaped, skipping };

  void take(std::uint8_t byte) {
    if (state_ == State::escaped) {
      state_ = State::plain;
      if (byte == kEscapedEnd) return append(kEnd);
      if (byte == kEscapedEscape) return append(kEscape);
      state_ = State::skipping;
      return;
    }
    if (byte == kEscape) {
      state_ = State::escaped;
      return;
    }
    append(byte);
  }

  void append(std::uint8_t byte) {
    if (frame_.size() == max_) {
      ++statistics_.oversize;
      state_ = State::skipping;
      return;
    }
    frame_.push_back(byte);
  }

  void finish(const Sink& sink) {
    if (state_ != State::plain) {
      statistics_.garbageBytes += rawBytes_;
    } else if (!frame_.empty()) {
      ++statistics_.frames;
      sink(frame_);
    }
    restart();
  }

  void restart() {
    frame_.clear();
    rawBytes_ = 0;
    state_ = State::plain;
  }

  const std::size_t max_;
  std::vector<std::uint8_t> frame_;
  std::size_t rawBytes_ = 0;  // bytes on the wire since the last END
  State state_ = State::plain;
  FramerStatistics statistics_;
};

}  // namespace

std::unique_ptr<Framer> makeSlipFramer(const FramingOptions& options) {
  return std::make_unique<SlipFramer>(options.max);
}

std::vector<std::uint8_t> slipEncode(std::span<const std::uint8_t> frame) {
  std::vector<std::uint8_t> encoded{kEnd};
  encoded.reserve(frame.size() + 8);
  for (const std::uint8_t byte : frame) {
    if (byte == kEnd) {
      encoded.insert(encoded.end(), {kEscape, kEscapedEnd});
    } else if (byte == kEscape) {
      encoded.insert(encoded.end(), {kEscape, kEscapedEscape});
    } else {
      encoded.push_back(byte);
    }
  }
  encoded.push_back(kEnd);
  return encoded;
}

}  // namespace deskd
