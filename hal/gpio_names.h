// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hal/gpio.h"

namespace deskd {

// Finds the line that `text` names: a line's name ("GPIO17"), "CHIP:OFFSET" or "LABEL:OFFSET"
// ("gpiochip0:17", "pinctrl-bcm2711:17"; the path "/dev/gpiochip0:17" too). Throws std::invalid_argument that
// lists the candidates if there is none, or more than one.
GpioAddress resolveLine(const std::vector<GpioLineInfo>& lines, const std::string& text);

}  // namespace deskd
