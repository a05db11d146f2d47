// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hal/gpio.h"
#include "hal/sim/edge_detector.h"
#include "hal/sim/lines.h"

namespace deskd {

// Who holds which lines of a board, and as what: the kernel's part. Released outputs stay driven as they are,
// and a bias stays, as with the kernel of Raspberry Pi OS (Debian's makes inputs of them). Throws
// std::system_error (EBUSY naming the holder, EINVAL) and std::invalid_argument.
class SimLineRequests {
 public:
  using Handle = unsigned;
  using OnEvent = std::function<void(const GpioEvent&)>;

  // With `kernelDebounce` false it is a kernel without debouncing: what is asked for is ignored.
  SimLineRequests(SimLines& lines, bool kernelDebounce);

  bool kernelDebounce() const { return kernelDebounce_; }
  std::vector<GpioLineInfo> lines() const;
  // The lines that would be requested, checked; for faults that concern one of them.
  std::vector<SimLineId> find(const std::vector<GpioAddress>& addresses) const;

  Handle output(const GpioOutputOptions& options, std::uint64_t nowNs);
  Handle input(const GpioInputOptions& options, OnEvent onEvent, std::uint64_t nowNs);
  void set(Handle handle, const std::vector<bool>& values, std::uint64_t nowNs);
  // Logical levels of the wires, debounced if asked for.
  std::vector<bool> get(Handle handle) const;
  const std::vector<SimLineId>& linesOf(Handle handle) const;
  void release(Handle handle);

  // Somebody else of the same machine: a driver, another program.
  void hold(SimLineId line, const std::string& consumer);
  void unhold(SimLineId line);

  void advance(std::uint64_t nowNs);
  std::optional<std::uint64_t> nextNs() const;

 private:
  struct Request {
    std::vector<SimLineId> lines;
    bool output = false;
    bool activeLow = false;
    GpioDrive drive = GpioDrive::pushPull;
    std::vector<EdgeDetector> detectors;
    OnEvent onEvent;
  };
  struct Holder {
    std::string consumer;
    Handle handle = 0;  // 0: somebody else
  };

  void requireFree(const std::vector<SimLineId>& lines) const;
  Handle add(Request request, const std::string& consumer);
  void applyBias(const std::vector<SimLineId>& lines, GpioBias bias);
  void onChange(const SimLineChange& change);
  const Request& at(Handle handle) const;
  static void report(const Request& request, std::size_t index, std::optional<GpioEvent> event);

  SimLines& lines_;
  const bool kernelDebounce_;
  std::map<Handle, Request> requests_;
  std::vector<std::optional<Holder>> holders_;  // by line
  std::vector<bool> outputs_;                   // by line: its direction
  Handle lastHandle_ = 0;
};

}  // namespace deskd
