// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hal/gpio.h"

struct gpiod_chip;

namespace deskd {

// What is the same over all versions of libgpiod (gpio_linux.cpp).

struct CloseGpiodChip {
  void operator()(gpiod_chip* chip) const;
};
using GpiodChip = std::unique_ptr<gpiod_chip, CloseGpiodChip>;

// Throws std::system_error.
GpiodChip openGpiodChip(const std::string& name);
std::string orEmpty(const char* text);

// What each version does in its own way (gpio_gpiod1.cpp or gpio_gpiod2.cpp). The options are checked.

std::vector<GpioLineInfo> gpiodLinesOf(const std::string& name);
std::unique_ptr<GpioOutput> requestGpiodOutput(const GpioOutputOptions& options);
std::unique_ptr<GpioInput> requestGpiodInput(const GpioInputOptions& options);

}  // namespace deskd
