// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "hal/gpio.h"

namespace deskd {

// Edges of one line as the kernel finds them (GPIO_V2 character device): with debouncing a level counts once
// it has lasted, and its edge is stamped then. Levels are physical, edges logical. Time is handed in.
class EdgeDetector {
 public:
  struct Options {
    GpioEdge edge = GpioEdge::none;
    bool activeLow = false;
    std::uint64_t debounceNs = 0;
  };

  EdgeDetector(const Options& options, bool level) : options_(options), raw_(level), settled_(level) {}

  // Both return the edge, if there is one to report; its `line` is left to the caller.
  std::optional<GpioEvent> change(bool level, std::uint64_t atNs);
  std::optional<GpioEvent> advance(std::uint64_t nowNs);
  std::optional<std::uint64_t> nextNs() const { return settlesNs_; }

  // The level that counts.
  bool level() const { return settled_; }

 private:
  std::optional<GpioEvent> settle(std::uint64_t atNs);

  const Options options_;
  bool raw_;
  bool settled_;
  std::optional<std::uint64_t> settlesNs_;
  std::uint32_t sequence_ = 0;
};

}  // namespace deskd
