// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "hal/sim/i2c_device.h"

namespace deskd {

// A chip of 256 registers of 8 bits and nothing else, for what there is no model of: a write sets the
// register's number and what follows it, a read goes on from there. set("0x10", 5) and get("0x10") reach them
// from outside.
class RegisterFile final : public SimI2cDevice {
 public:
  bool write(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) override;
  bool read(std::span<std::uint8_t> into, std::uint64_t nowMs) override;
  void set(const std::string& name, double value) override;
  double get(const std::string& name) const override;

 private:
  std::array<std::uint8_t, 256> registers_{};
  std::uint8_t next_ = 0;
};

}  // namespace deskd
