// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "hal/gpio.h"

namespace deskd {

// What every implementation of GpioChips checks and says in the same way.

// The most lines that the kernel puts into one request.
constexpr std::size_t mostGpioLines = 64;

// Throw std::invalid_argument for options that no request could have.
void checkGpioOptions(const GpioOutputOptions& options);
void checkGpioOptions(const GpioInputOptions& options);

// The devices of GPIO chips in `directory`, by number: "gpiochip0", ... Symbolic links are other names of
// chips that are there already (Raspberry Pi 5: gpiochip4) and left out.
std::vector<std::string> gpioChipNames(const std::string& directory = "/dev");

// Puts the lines of all chips together. A chip that cannot be read is skipped, with a note the first time;
// if that is all there is, its error is thrown.
class GpioLineList {
 public:
  std::vector<GpioLineInfo> collect(
      const std::vector<std::string>& chips,
      const std::function<std::vector<GpioLineInfo>(const std::string& chip)>& linesOf);

 private:
  std::set<std::string> noted_;
};

// "gpiochip0:17 (GPIO17), gpiochip0:27": how error messages name lines.
std::string gpioLinesText(const std::vector<GpioLineInfo>& lines);

// Throw std::system_error. Whoever may not open a chip is told how to.
[[noreturn]] void throwGpioOpenError(int error, const std::string& chip);
// `infos` are the requested lines as they are now: a busy one says who holds it.
[[noreturn]] void throwGpioRequestError(int error, const std::string& as,
                                        const std::vector<GpioLineInfo>& infos);

}  // namespace deskd
