// SPDX-License-Identifier: Apache-2.0
#include "hal/permissions.h"

#include <algorithm>
#include <stdexcept>

#include "hal/gpio_names.h"

namespace deskd {

bool grantsAll(const std::vector<std::string>& granted) {
  return std::find(granted.begin(), granted.end(), "*") != granted.end();
}

bool grantsLine(const std::vector<std::string>& granted, const std::vector<GpioLineInfo>& lines,
                const GpioAddress& address) {
  if (grantsAll(granted)) return true;
  return std::any_of(granted.begin(), granted.end(), [&](const std::string& name) {
    try {
      return resolveLine(lines, name) == address;
    } catch (const std::invalid_argument&) {
      return false;  // a line that this board has not
    }
  });
}

CodedError notGranted(const std::string& wanted, const std::string& list, const std::string& script) {
  constexpr std::size_t shown = 200;  // a part of an entry would be no help
  const std::string entry = wanted.size() > shown ? "it" : '"' + wanted + '"';
  return CodedError("ERR_PERMISSION",
                    "not granted: add " + entry + " to " + list + " in [permissions] of " + script + ".toml");
}

}  // namespace deskd
