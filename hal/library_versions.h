// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace deskd {

// Versions of the libraries that are loaded, not of those that this was compiled against.
std::string libuvVersion();
std::string libgpiodVersion();

}  // namespace deskd
