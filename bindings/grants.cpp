// SPDX-License-Identifier: Apache-2.0
#include "bindings/grants.h"

#include <algorithm>

#include "hal/base/error.h"
#include "hal/gpio_names.h"
#include "hal/permissions.h"

namespace deskd {
namespace {

[[noreturn]] void refuse(Js& js, const char* list, const std::string& wanted) {
  const CodedError error = notGranted(wanted, list, js.services().script.name);
  throw CodedError(error.code(), wanted.substr(0, 200) + ": " + error.what());
}

}  // namespace

std::string plainBusName(std::string bus) {
  if (bus.rfind("/dev/i2c-", 0) == 0) bus.erase(0, 5);
  if (!bus.empty() && bus.find_first_not_of("0123456789") == std::string::npos) bus.insert(0, "i2c-");
  return bus;
}

void requireBus(Js& js, const std::string& bus) {
  const auto& granted = js.services().grants.i2c;
  if (grantsAll(granted)) return;
  const std::string wanted = plainBusName(bus);
  if (std::none_of(granted.begin(), granted.end(),
                   [&](const std::string& name) { return plainBusName(name) == wanted; }))
    refuse(js, "i2c", wanted);
}

void requirePort(Js& js, const std::string& path) {
  const auto& granted = js.services().grants.serial;
  if (grantsAll(granted)) return;
  if (std::find(granted.begin(), granted.end(), path) == granted.end()) refuse(js, "serial", path);
}

void requireLine(Js& js, const std::vector<GpioLineInfo>& all, const std::string& name,
                 const GpioAddress& address) {
  if (!grantsLine(js.services().grants.lines, all, address)) refuse(js, "lines", name);
}

void requireLine(Js& js, const std::string& name) {
  if (grantsAll(js.services().grants.lines)) return;
  const auto all = js.services().board().gpio().lines();
  requireLine(js, all, name, resolveLine(all, name));
}

}  // namespace deskd
