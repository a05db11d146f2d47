// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "hal/i2c.h"

namespace deskd {

// A bus of the simulated board behind `socketPath`, on a connection of its own: a stuck bus holds up nobody
// else.
std::unique_ptr<I2cBus> openSimI2c(const std::string& socketPath, const std::string& bus);

}  // namespace deskd
