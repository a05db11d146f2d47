// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/guard/outputs_file.h"
#include "hal/base/unique_fd.h"
#include "hal/gpio.h"

namespace deskd {

// Something that moves, and how it is stopped.
class Guarded {
 public:
  virtual ~Guarded() = default;
  // Both throw std::system_error.
  virtual void start() = 0;
  virtual void makeSafe() = 0;
  virtual std::string name() const = 0;
};

// Requests the line, at its safe level. Throws std::system_error naming it.
class GuardedGpio final : public Guarded {
 public:
  GuardedGpio(GpioChips& chips, GuardedLine line);
  void start() override { hold(!line_.safe); }
  void makeSafe() override { hold(line_.safe); }
  std::string name() const override {
    return line_.address.chip + ":" + std::to_string(line_.address.offset);
  }
  const GuardedLine& line() const { return line_; }
  void belongTo(const std::string& script) { line_.script = script; }

 private:
  void hold(bool level) { hardware_->set({level}); }

  GuardedLine line_;
  std::unique_ptr<GpioOutput> hardware_;
};

// A serial port through a duplicate of the script's own descriptor. start() does nothing: the script does.
class GuardedSerial final : public Guarded {
 public:
  GuardedSerial(UniqueFd descriptor, GuardedPort port);
  void start() override {}
  void makeSafe() override;
  std::string name() const override { return port_.path; }
  const GuardedPort& port() const { return port_; }

 private:
  UniqueFd descriptor_;
  GuardedPort port_;
};

}  // namespace deskd
