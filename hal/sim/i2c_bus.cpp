// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/i2c_bus.h"

#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include "hal/base/error.h"

namespace deskd {

std::string i2cAddressText(std::uint16_t address) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%02x", address);
  return text;
}

void SimI2cBus::add(std::uint16_t address, std::unique_ptr<SimI2cDevice> device) {
  constexpr std::uint16_t least = 0x08;  // the others are reserved
  constexpr std::uint16_t most = 0x77;
  if (address < least || address > most)
    throw std::invalid_argument("address: expected 0x08 to 0x77, found " + i2cAddressText(address));
  devices_[address] = std::move(device);
}

void SimI2cBus::remove(std::uint16_t address) {
  static_cast<void>(at(address));
  devices_.erase(address);
}

SimI2cDevice& SimI2cBus::at(std::uint16_t address) const {
  const auto found = devices_.find(address);
  if (found == devices_.end())
    throw std::invalid_argument(name_ + ": there is no device at " + i2cAddressText(address));
  return *found->second;
}

void SimI2cBus::claim(std::uint16_t address, bool claimed) {
  if (claimed)
    claimed_.insert(address);
  else
    claimed_.erase(address);
}

void SimI2cBus::setFault(Fault fault, std::optional<std::uint16_t> address) {
  if (address)
    faults_[*address] = fault;
  else
    fault_ = fault;
  // "none" for the bus is for everything on it.
  if (!address && fault == Fault::none) faults_.clear();
}

void SimI2cBus::transfer(I2cAddress address, std::vector<I2cSegment>& segments, std::uint64_t nowMs) {
  const std::string object = i2cAddressText(address.value) + " on " + name_;
  if (address.tenBit) throwErrno(EOPNOTSUPP, "transfer to the 10-bit address", object);
  if (segments.empty()) throwErrno(EINVAL, "transfer nothing to", object);
  const auto found = devices_.find(address.value);
  if (found == devices_.end() || faultOf(address.value) == Fault::nack)
    throwErrno(EREMOTEIO, "transfer to", object);
  for (I2cSegment& segment : segments) {
    if (segment.read) segment.bytes.assign(segment.length, 0);
    const bool acknowledged =
        segment.read ? found->second->read(segment.bytes, nowMs) : found->second->write(segment.bytes, nowMs);
    if (!acknowledged) throwErrno(EREMOTEIO, segment.read ? "read from" : "write to", object);
  }
}

std::optional<bool> SimI2cBus::probe(std::uint16_t address) const {
  if (claimed_.contains(address)) return std::nullopt;
  return devices_.contains(address) && faultOf(address) != Fault::nack;
}

SimI2cBus::Fault SimI2cBus::faultOf(std::uint16_t address) const {
  const auto own = faults_.find(address);
  return own != faults_.end() && own->second != Fault::none ? own->second : fault_;
}

}  // namespace deskd
