// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bindings/js.h"
#include "hal/gpio.h"

namespace deskd {

// Each throws CodedError ERR_PERMISSION, which names the grant that is missing, unless the script may use it.
void requireBus(Js& js, const std::string& bus);
void requirePort(Js& js, const std::string& path);
// Lines have several names: `address` is which one `name` means.
void requireLine(Js& js, const std::vector<GpioLineInfo>& all, const std::string& name,
                 const GpioAddress& address);
// A line that somebody else opens: looks it up itself. Throws std::invalid_argument if there is none.
void requireLine(Js& js, const std::string& name);

// One name for what is one bus: "i2c-1" for "1" and "/dev/i2c-1".
std::string plainBusName(std::string bus);

}  // namespace deskd
