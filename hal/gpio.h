// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace deskd {

enum class GpioBias { asIs, disabled, pullUp, pullDown };
enum class GpioDrive { pushPull, openDrain, openSource };
enum class GpioEdge { none, rising, falling, both };

// One line of one chip: what a name leads to.
struct GpioAddress {
  std::string chip;  // "gpiochip0"
  unsigned offset = 0;
  bool operator==(const GpioAddress&) const = default;
};

struct GpioLineInfo {
  GpioAddress address{};
  std::string chipLabel{};  // "pinctrl-bcm2711"
  std::string name{};       // "GPIO17"; empty where the board gives none
  std::string consumer{};   // who holds it; empty if nobody does, or says no name
  bool used = false;
  bool output = false;
};

// Lines that are requested together: of one chip, set at the same time.
struct GpioOutputOptions {
  std::vector<GpioAddress> lines{};
  std::vector<bool> values{};  // logical, one for each line, in force as soon as the lines are ours
  bool activeLow = false;
  GpioDrive drive = GpioDrive::pushPull;
  GpioBias bias = GpioBias::asIs;
  std::string consumer = "deskd";
};

struct GpioInputOptions {
  std::vector<GpioAddress> lines{};
  bool activeLow = false;
  GpioBias bias = GpioBias::asIs;
  GpioEdge edge = GpioEdge::none;
  // A level counts once it has lasted this long. 0: none. Where the kernel cannot do it (libgpiod 1.6),
  // kernelDebounce() is false, edges of both kinds come whatever `edge` says, and the caller debounces
  // (gpio_watch.h).
  std::uint32_t debounceUs = 0;
  std::string consumer = "deskd";
};

struct GpioEvent {
  std::size_t line = 0;           // index into the request's lines
  bool rising = false;            // logical: an active-low line rises when its level falls
  std::uint64_t timestampNs = 0;  // CLOCK_MONOTONIC, taken by the kernel at the interrupt
  // Counts this line's events from 1 on; a gap means that the kernel's buffer overran. Where the kernel does
  // not count (libgpiod 1.6) every event read is the next.
  std::uint32_t sequence = 0;
};

// Lines held as outputs, until destroyed. A Raspberry Pi keeps them driven as they are after that.
class GpioOutput {
 public:
  virtual ~GpioOutput() = default;
  // Logical values, one for each line, all at once. Throws std::system_error.
  virtual void set(const std::vector<bool>& values) = 0;
  virtual std::vector<bool> get() const = 0;
};

class GpioInput {
 public:
  virtual ~GpioInput() = default;
  virtual std::vector<bool> get() const = 0;
  // Readable while events wait; -1 if no edges were asked for.
  virtual int fd() const = 0;
  // What waits; empty if nothing does. Never blocks. Throws std::system_error.
  virtual std::vector<GpioEvent> readEvents() = 0;
  virtual bool kernelDebounce() const = 0;
};

// All GPIO chips of a board. Everything throws std::system_error naming chip and line; EBUSY names the
// holder.
class GpioChips {
 public:
  virtual ~GpioChips() = default;
  virtual std::vector<GpioLineInfo> lines() const = 0;
  // Throws std::invalid_argument for options that no request could have: no lines, lines of two chips, a
  // value missing.
  virtual std::unique_ptr<GpioOutput> output(const GpioOutputOptions& options) = 0;
  virtual std::unique_ptr<GpioInput> input(const GpioInputOptions& options) = 0;
};

}  // namespace deskd
