// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hal/framer_kinds.h"
#include "hal/framer_window.h"

namespace deskd {
namespace {

class DelimiterFramer final : public Framer {
 public:
  explicit DelimiterFramer(const FramingOptions& options)
      : delimiter_(options.delimiter),
        keep_(options.keepDelimiter),
        max_(options.max),
        window_(2 * (options.max + options.delimiter.size())) {}

  void feed(std::span<const std::uint8_t> bytes, std::uint64_t, const Sink& sink) override {
    while (!bytes.empty()) {
      bytes = bytes.subspan(window_.append(bytes));
      scan(sink);
    }
  }
  std::optional<std::uint64_t> deadlineMs() const override { return std::nullopt; }
  void expire(std::uint64_t, const Sink&) override {}
  void reset() override {
    statistics_.garbageBytes += window_.size();
    window_.clear();
    searched_ = 0;
    skipping_ = false;
  }
  const FramerStatistics& statistics() const override { return statistics_; }

 private:
  void scan(const Sink& sink) {
    for (;;) {
      const auto bytes = window_.view();
      const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(searched_);
      const auto found = std::search(from, bytes.end(), delimiter_.begin(), delimiter_.end());
      if (found == bytes.end()) break;
      take(static_cast<std::size_t>(found - bytes.begin()), sink);
    }
    // A delimiter may have begun in the last bytes.
    searched_ = window_.size() - std::min(window_.size(), delimiter_.size() - 1);
    if (searched_ > max_) startSkipping();
    if (skipping_) dropGarbage(searched_);
  }

  void take(std::size_t size, const Sink& sink) {
    const std::size_t whole = size + delimiter_.size();
    if (size > max_ && !skipping_) startSkipping();
    if (skipping_) {
      skipping_ = false;
      dropGarbage(whole);
    } else {
      if (size > 0) {
        ++statistics_.frames;
        sink(window_.view().first(keep_ ? whole : size));
      }
      window_.drop(whole);
    }
    searched_ = 0;
  }

  // The frame is too long: whatever comes up to the next delimiter belongs to it.
  void startSkipping() {
    if (!skipping_) ++statistics_.oversize;
    skipping_ = true;
  }

  void dropGarbage(std::size_t count) {
    statistics_.garbageBytes += count;
    window_.drop(count);
    searched_ = 0;
  }

  const std::vector<std::uint8_t> delimiter_;
  const bool keep_;
  const std::size_t max_;
  FramerWindow window_;
  std::size_t searched_ = 0;  // bytes at the window's front in which no delimiter begins
  bool skipping_ = false;
  FramerStatistics statistics_;
};

}  // namespace

std::unique_ptr<Framer> makeDelimiterFramer(const FramingOptions& options) {
  return std::make_unique<DelimiterFramer>(options);
}

}  // namespace deskd
