// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hal/i2c.h"
#include "hal/sim/i2c_device.h"

namespace deskd {

// A simulated bus with the chips on it. Time is handed in. Errors are those of a Raspberry Pi's adapter:
// std::system_error with EREMOTEIO if nobody acknowledges, EOPNOTSUPP for 10-bit addresses.
class SimI2cBus {
 public:
  enum class Fault { none, nack, stuck };

  explicit SimI2cBus(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  // Replaces what has the address. 0x08 to 0x77.
  void add(std::uint16_t address, std::unique_ptr<SimI2cDevice> device);
  void remove(std::uint16_t address);
  SimI2cDevice& at(std::uint16_t address) const;  // throws std::invalid_argument
  // A driver of the kernel has the address, or has it no longer.
  void claim(std::uint16_t address, bool claimed);

  // Of the whole bus, or of one address only.
  void setFault(Fault fault, std::optional<std::uint16_t> address);
  // Whether a transfer to this address does not end before the fault is cleared.
  bool stuck(std::uint16_t address) const { return faultOf(address) == Fault::stuck; }

  // Not for what is stuck.
  void transfer(I2cAddress address, std::vector<I2cSegment>& segments, std::uint64_t nowMs);
  std::optional<bool> probe(std::uint16_t address) const;

 private:
  Fault faultOf(std::uint16_t address) const;

  const std::string name_;
  std::map<std::uint16_t, std::unique_ptr<SimI2cDevice>> devices_;
  std::set<std::uint16_t> claimed_;
  Fault fault_ = Fault::none;
  std::map<std::uint16_t, Fault> faults_;
};

// "0x29"
std::string i2cAddressText(std::uint16_t address);

}  // namespace deskd
