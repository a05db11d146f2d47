// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hal/i2c_dev.h"

namespace deskd {

// A transfer by an adapter that knows only SMBus's own messages, and of those the ones in `functions`: what
// happens on the wires is the same, for transfers of the right shape. Throws EOPNOTSUPP for others.
void transferBySmbus(I2cKernel& kernel, unsigned long functions, const std::string& bus, I2cAddress address,
                     std::vector<I2cSegment>& segments);

}  // namespace deskd
