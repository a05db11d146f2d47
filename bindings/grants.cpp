// SPDX-License-Identifier: Apache-2.0
#include "bindings/grants.h"

#include <algorithm>

#include "hal/base/error.h"
#include "hal/gpio_names.h"

namespace deskd {
namespace {

bool everything(const std::vector<std::string>& granted) {
  return std::find(granted.begin(), granted.end(), "*") != granted.end();
}

[[noreturn]] void refuse(Js& js, const char* list, const std::string& wanted) {
  constexpr std::size_t shown = 200;
  const std::string entry = wanted.size() > shown ? "it" : '"' + wanted + '"';
  throw CodedError("ERR_PERMISSION", (wanted.size() > shown ? list : wanted) + ": not granted: add " + entry +
                                         " to " + list + " in [permissions] of " + js.services().script.name +
                                         ".toml");
}

bool sameLine(const std::vector<GpioLineInfo>& all, const std::string& granted, const GpioAddress& address) {
  try {
    const GpioAddress found = resolveLine(all, granted);
    return found.chip == address.chip && found.offset == address.offset;
  } catch (const std::invalid_argument&) {
    return false;  // a line that this board has not
  }
}

}  // namespace

std::string plainBusName(std::string bus) {
  if (bus.rfind("/dev/i2c-", 0) == 0) bus.erase(0, 5);
  if (!bus.empty() && bus.find_first_not_of("0123456789") == std::string::npos) bus.insert(0, "i2c-");
  return bus;
}

void requireBus(Js& js, const std::string& bus) {
  const auto& granted = js.services().grants.i2c;
  if (everything(granted)) return;
  const std::string wanted = plainBusName(bus);
  if (std::none_of(granted.begin(), granted.end(),
                   [&](const std::string& name) { return plainBusName(name) == wanted; }))
    refuse(js, "i2c", wanted);
}

void requirePort(Js& js, const std::string& path) {
  const auto& granted = js.services().grants.serial;
  if (everything(granted)) return;
  if (std::find(granted.begin(), granted.end(), path) == granted.end()) refuse(js, "serial", path);
}

void requireLine(Js& js, const std::vector<GpioLineInfo>& all, const std::string& name,
                 const GpioAddress& address) {
  const auto& granted = js.services().grants.lines;
  if (everything(granted)) return;
  if (std::none_of(granted.begin(), granted.end(),
                   [&](const std::string& grant) { return sameLine(all, grant, address); }))
    refuse(js, "lines", name);
}

void requireLine(Js& js, const std::string& name) {
  if (everything(js.services().grants.lines)) return;
  const auto all = js.services().board().gpio().lines();
  requireLine(js, all, name, resolveLine(all, name));
}

}  // namespace deskd
