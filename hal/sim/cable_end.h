// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace deskd {

// A simulated device's end of a serial cable. Destroying it unplugs the cable.
class CableEnd {
 public:
  virtual ~CableEnd() = default;
  virtual int fd() const = 0;
  // Where the cable is: what to open at the other end, or the port that this end is.
  virtual const std::string& path() const = 0;
  // Neither blocks. Like a cable, write() loses what nobody reads; returns how much went through.
  virtual std::size_t read(std::span<std::uint8_t> into) = 0;
  virtual std::size_t write(std::span<const std::uint8_t> bytes) = 0;
};

struct CableOptions {
  std::string link;          // of a pseudo-terminal that is made for the device; see Pty
  std::string device;        // a serial port that exists, instead of a pseudo-terminal
  unsigned baudRate = 9600;  // of that port
};

// Throws std::system_error naming the path.
std::unique_ptr<CableEnd> plugCable(const CableOptions& options);

}  // namespace deskd
