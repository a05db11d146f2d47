// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hal/framer_kinds.h"

namespace deskd {
namespace {

class ChunkFramer final : public Framer {
 public:
  explicit ChunkFramer(std::size_t max) : max_(max) {}

  void feed(std::span<const std::uint8_t> bytes, std::uint64_t, const Sink& sink) override {
    while (!bytes.empty()) {
      const std::size_t size = std::min(bytes.size(), max_);
      ++statistics_.frames;
      sink(bytes.first(size));
      bytes = bytes.subspan(size);
    }
  }
  std::optional<std::uint64_t> deadlineMs() const override { return std::nullopt; }
  void expire(std::uint64_t, const Sink&) override {}
  void reset() override {}
  const FramerStatistics& statistics() const override { return statistics_; }

 private:
  const std::size_t max_;
  FramerStatistics statistics_;
};

}  // namespace

std::unique_ptr<Framer> makeChunkFramer(const FramingOptions& options) {
  return std::make_unique<ChunkFramer>(options.max);
}

}  // namespace deskd
