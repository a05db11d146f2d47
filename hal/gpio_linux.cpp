// SPDX-License-Identifier: Apache-2.0
#include "hal/gpio_linux.h"

#include <gpiod.h>

#include <cerrno>

#include "hal/board.h"
#include "hal/gpio_request.h"

namespace deskd {

// With libgpiod 1 this releases its lines, too.
void CloseGpiodChip::operator()(gpiod_chip* chip) const {
  gpiod_chip_close(chip);
}

GpiodChip openGpiodChip(const std::string& name) {
  GpiodChip chip(gpiod_chip_open(("/dev/" + name).c_str()));
  if (!chip) throwGpioOpenError(errno, name);
  return chip;
}

std::string orEmpty(const char* text) {
  return text != nullptr ? text : "";
}

namespace {

class Chips final : public GpioChips {
 public:
  std::vector<GpioLineInfo> lines() const override { return list_.collect(gpioChipNames(), gpiodLinesOf); }

  std::unique_ptr<GpioOutput> output(const GpioOutputOptions& options) override {
    checkGpioOptions(options);
    return requestGpiodOutput(options);
  }

  std::unique_ptr<GpioInput> input(const GpioInputOptions& options) override {
    checkGpioOptions(options);
    return requestGpiodInput(options);
  }

 private:
  mutable GpioLineList list_;  // remembers what it has complained about
};

}  // namespace

std::unique_ptr<GpioChips> makeLinuxGpio() {
  return std::make_unique<Chips>();
}

}  // namespace deskd
