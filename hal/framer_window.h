// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace deskd {

// The bytes of a stream that are not decided yet, always contiguous. Of fixed size: append() takes what fits.
class FramerWindow {
 public:
  explicit FramerWindow(std::size_t capacity) : bytes_(capacity) {}

  std::size_t append(std::span<const std::uint8_t> more) {
    if (more.size() > bytes_.size() - end_ && begin_ > 0) moveToFront();
    const std::size_t taken = std::min(more.size(), bytes_.size() - end_);
    if (taken > 0) std::memcpy(bytes_.data() + end_, more.data(), taken);
    end_ += taken;
    return taken;
  }
  void drop(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() { begin_ = end_ = 0; }

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t capacity() const { return bytes_.size(); }
  std::span<const std::uint8_t> view() const { return {bytes_.data() + begin_, size()}; }

 private:
  void moveToFront() {
    std::memmove(bytes_.data(), bytes_.data() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
  }

  std::vector<std::uint8_t> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace deskd
