// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "hal/i2c.h"

namespace deskd {

// What the kernel does for one opened /dev/i2c-N. Tests have one of their own.
class I2cKernel {
 public:
  virtual ~I2cKernel() = default;
  // ioctl(2): 0 or more, or -1 with errno. The argument is a number or an address, as the request wants.
  virtual int control(unsigned long request, std::uintptr_t argument) = 0;
};

// A bus over it. Throws std::system_error if it is none.
std::unique_ptr<I2cBus> makeI2cDevBus(std::string name, std::unique_ptr<I2cKernel> kernel);

// openLinuxI2c() with the device nodes in a directory of the caller's choice.
std::unique_ptr<I2cBus> openI2cDev(const std::string& bus, const std::string& directory);

// "i2c-1 address 0x29": how messages name what a transfer was meant for.
std::string i2cPlace(const std::string& bus, I2cAddress address);

}  // namespace deskd
