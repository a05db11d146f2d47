// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace deskd {

enum class Parity { none, even, odd };

struct SerialOptions {
  std::string path;
  // Any rate. Refused if the driver, once it is set, reports one that is more than 3 % off. That need not be
  // the one on the line: Linux's 8250 driver reports what was asked for, however much its divisor misses it.
  unsigned baudRate = 9600;
  unsigned dataBits = 8;  // 5 to 8
  Parity parity = Parity::none;
  unsigned stopBits = 1;  // 1 or 2
  // Refuses to share the port with anybody, other scripts of this service included.
  bool exclusive = true;
  // Level of the modem lines once open. A driver raises both for an instant while it opens the port.
  bool dtr = false;
  bool rts = false;
  bool hupcl = false;  // drop the modem lines at close
};

// An open serial port. Nothing here blocks; fd() tells when to try again.
class SerialPort {
 public:
  virtual ~SerialPort() = default;
  virtual int fd() const = 0;
  // Bytes taken, 0 if none wait. Throws std::system_error once the device is gone (EIO, ENXIO, ENODEV).
  virtual std::size_t read(std::span<std::uint8_t> into) = 0;
  // Bytes the kernel has accepted, perhaps fewer than given, 0 if its buffer is full. Throws as read() does.
  virtual std::size_t write(std::span<const std::uint8_t> bytes) = 0;
  // Throws std::system_error where there are no such lines, except on a pseudo-terminal.
  virtual void setModemLines(bool dtr, bool rts) = 0;
  // Drops what has come in and not been read.
  virtual void discardInput() = 0;
};

// Starts with empty buffers. Throws std::invalid_argument for options that no port could have,
// std::system_error naming the path for everything else: EBUSY with the holder where /proc tells it, ENOTTY
// for what is not a terminal.
std::unique_ptr<SerialPort> openSerialPort(const SerialOptions& options);

// Drops what the kernel has accepted for this open port and not sent.
void discardSerialOutput(int descriptor);

}  // namespace deskd
