// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hal/i2c.h"

namespace deskd {

// A transfer with SMBus's packet error code: one more byte at its end, a CRC over everything that was on the
// wires, addresses too. Throws like transfer(), and EBADMSG if the code that was read is wrong; out_of_range
// for 10-bit addresses, which SMBus does not have.
void transferWithPec(I2cBus& bus, I2cAddress address, std::vector<I2cSegment>& segments);

}  // namespace deskd
