// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bindings/outcome.h"
#include "hal/gpio.h"

namespace deskd {

struct MotionOutputOptions {
  std::string line;
  bool safe = false;
  bool activeLow = false;
  GpioDrive drive = GpioDrive::pushPull;
  GpioBias bias = GpioBias::asIs;
  std::uint32_t leaseMs = 0;  // 0: as long as the script's loop turns, and no longer
  std::uint32_t maxOnMs = 0;
  std::uint32_t restMs = 0;
};

struct FailsafeOptions {
  std::string path;
  std::vector<std::uint8_t> bytes;
  std::uint32_t leaseMs = 0;
  // The port's descriptor as it is now; -1 while it is away.
  std::function<int()> descriptor;
  // For when the guard itself has died: the script's process writes the bytes.
  std::function<void()> stopNow;
};

// The owner of all outputs that move something, as a script's process sees it. Implemented above bindings/.
// Everything is on the script's loop; nothing is called back after forget().
class GuardPort {
 public:
  using Output = std::uint32_t;
  // The output is at its safe level. Reason: "lease", "supervisor", "maxOn", "pulse", "guard".
  using Ended = std::function<void(const std::string& reason)>;

  virtual ~GuardPort() = default;
  // Whether there is one at all: not for a script that runs in the foreground.
  virtual bool available() const = 0;
  virtual Output declare(MotionOutputOptions options, Ended ended, Done done) = 0;
  virtual Output declare(FailsafeOptions options, Ended ended, Done done) = 0;
  virtual void interlock(std::vector<Output> outputs, std::uint32_t deadTimeMs, Done done) = 0;
  // On, or off. A lease of 0 is the declared one; a pulse of 0 is none.
  virtual void drive(Output output, bool on, std::uint32_t leaseMs, std::uint32_t pulseMs, Done done) = 0;
  virtual void renew(Output output) = 0;
  virtual void forget(Output output) = 0;
  // The port of these options was opened again.
  virtual void reopened(Output output) = 0;
};

}  // namespace deskd
