// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hal/base/error.h"
#include "hal/gpio.h"

namespace deskd {

// Names that a list of [permissions] in a script's settings has. "*" is all.
bool grantsAll(const std::vector<std::string>& granted);
// Whether one of them means the line: it has several names.
bool grantsLine(const std::vector<std::string>& granted, const std::vector<GpioLineInfo>& lines,
                const GpioAddress& address);

// ERR_PERMISSION: which entry of which list is missing.
CodedError notGranted(const std::string& wanted, const std::string& list, const std::string& script);

}  // namespace deskd
