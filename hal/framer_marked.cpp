// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "hal/framer_kinds.h"
#include "hal/framer_window.h"

namespace deskd {
namespace {

// Frames that say where they begin and how long they are, or of which the options say so. Whatever turns out
// not to be a frame is dropped by one byte only, so a frame that begins inside what looked like another is
// still found.
class MarkedFramer final : public Framer {
 public:
  explicit MarkedFramer(const FramingOptions& options)
      : options_(options),
        checksumFrom_(options.checksumFrom.value_or(options.start.size())),
        checksumSize_(checksumSize(options.checksum)),
        fieldSize_(options.lengthField == LengthField::u8 ? 1 : 2),
        window_(2 * options.max) {}

  void feed(std::span<const std::uint8_t> bytes, std::uint64_t nowMs, const Sink& sink) override {
    if (bytes.empty()) return;
    lastByteMs_ = nowMs;
    while (!bytes.empty()) {
      bytes = bytes.subspan(window_.append(bytes));
      scan(sink);  // leaves less than `max`, so the next append makes progress
    }
  }

  std::optional<std::uint64_t> deadlineMs() const override {
    if (options_.idleMs == 0 || window_.empty()) return std::nullopt;
    return lastByteMs_ + options_.idleMs;
  }

  // Nothing that waits can become complete any more, but behind its first byte may stand what already is.
  void expire(std::uint64_t nowMs, const Sink& sink) override {
    const auto deadline = deadlineMs();
    if (!deadline || nowMs < *deadline) return;
    while (!window_.empty()) {
      dropGarbage(1);
      scan(sink);
    }
  }

  void reset() override {
    if (!window_.empty()) dropGarbage(window_.size());
  }

  const FramerStatistics& statistics() const override { return statistics_; }

 private:
  enum class Verdict { frame, incomplete, no };

  void scan(const Sink& sink) {
    while (!window_.empty()) {
      skipToStart();
      std::size_t total = 0;
      switch (judge(total)) {
        case Verdict::incomplete:
          return;
        case Verdict::no:
          dropGarbage(1);
          break;
        case Verdict::frame:
          ++statistics_.frames;
          sink(window_.view().first(total));
          window_.drop(total);
          break;
      }
    }
  }

  void skipToStart() {
    if (options_.start.empty()) return;
    const auto bytes = window_.view();
    const void* found = std::memchr(bytes.data(), options_.start[0], bytes.size());
    const std::size_t skip =
        found == nullptr ? bytes.size()
                         : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data());
    if (skip > 0) dropGarbage(skip);
  }

  Verdict judge(std::size_t& total) {
    const auto bytes = window_.view();
    const std::size_t startSize = std::min(options_.start.size(), bytes.size());
    if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(startSize),
                    options_.start.begin())) {
      return Verdict::no;
    }
    if (startSize < options_.start.size() || !readTotal(bytes, total)) return Verdict::incomplete;
    if (total > options_.max) {
      ++statistics_.oversize;
      return Verdict::no;
    }
    if (total < leastTotal()) return Verdict::no;
    if (bytes.size() < total) return Verdict::incomplete;
    return judgeWhole(bytes.first(total));
  }

  Verdict judgeWhole(std::span<const std::uint8_t> frame) {
    const auto end = frame.last(options_.end.size());
    if (!std::equal(end.begin(), end.end(), options_.end.begin())) return Verdict::no;
    const std::size_t checksumAt = frame.size() - options_.end.size() - checksumSize_;
    const auto covered = frame.subspan(checksumFrom_, checksumAt - checksumFrom_);
    if (checksumMatches(options_.checksum, covered, frame.subspan(checksumAt, checksumSize_))) {
      return Verdict::frame;
    }
    ++statistics_.badChecksums;
    return Verdict::no;
  }

  // False while the length field has not come in.
  bool readTotal(std::span<const std::uint8_t> bytes, std::size_t& total) const {
    if (options_.kind == FramingKind::fixed) {
      total = options_.length;
      return true;
    }
    if (bytes.size() < options_.lengthAt + fieldSize_) return false;
    const std::size_t first = bytes[options_.lengthAt];
    if (options_.lengthField == LengthField::u8) {
      total = options_.extra + first;
      return true;
    }
    const std::size_t second = bytes[options_.lengthAt + 1];
    const bool bigEndian = options_.lengthField == LengthField::u16be;
    total = options_.extra + (bigEndian ? (first << 8 | second) : (second << 8 | first));
    return true;
  }

  std::size_t leastTotal() const {
    const std::size_t header = options_.kind == FramingKind::fixed ? 0 : options_.lengthAt + fieldSize_;
    return std::max({header, options_.start.size(), checksumFrom_}) + checksumSize_ + options_.end.size();
  }

  void dropGarbage(std::size_t count) {
    statistics_.garbageBytes += count;
    window_.drop(count);
  }

  const FramingOptions options_;
  const std::size_t checksumFrom_;
  const std::size_t checksumSize_;
  const std::size_t fieldSize_;
  FramerWindow window_;
  std::uint64_t lastByteMs_ = 0;
  FramerStatistics statistics_;
};

}  // namespace

std::unique_ptr<Framer> makeMarkedFramer(const FramingOptions& options) {
  return std::make_unique<MarkedFramer>(options);
}

}  // namespace deskd
