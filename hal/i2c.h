// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace deskd {

// One part of a transfer: bytes to write, or a number of bytes to read.
struct I2cSegment {
  bool read = false;
  std::vector<std::uint8_t> bytes;  // written, or filled by the transfer
  std::size_t length = 0;           // to read
};

struct I2cAddress {
  std::uint16_t value = 0;
  bool tenBit = false;
};

// One bus. Blocks while a transfer runs: for a thread that may.
class I2cBus {
 public:
  virtual ~I2cBus() = default;
  // All segments as one transaction, with repeated starts between them; fills those that read. Throws
  // std::system_error: ENXIO or EREMOTEIO if nobody acknowledges, ETIMEDOUT, EAGAIN (lost arbitration),
  // EOPNOTSUPP for what the adapter cannot do, naming what.
  virtual void transfer(I2cAddress address, std::vector<I2cSegment>& segments) = 0;
  // Whether somebody answers there; writes no data byte. Empty: the kernel keeps the address for a driver of
  // its own.
  virtual std::optional<bool> probe(std::uint16_t address) = 0;
  virtual std::string name() const = 0;  // "i2c-1"
};

}  // namespace deskd
