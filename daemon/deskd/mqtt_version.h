// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace deskd {

// "1.2.0 (Paho C 1.3.12)": the C++ library by its headers, since it has no call that tells, and the C library
// as loaded.
std::string mqttLibraryVersion();

}  // namespace deskd
