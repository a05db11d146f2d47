// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/deskd/dbus_interface.h"

namespace deskd {

// The answer to Introspect of an object: sd-bus's own has no room for descriptions. `children` are names of
// nodes below it.
std::string introspection(const DbusInterface& interface, const std::vector<std::string>& children);

}  // namespace deskd
