// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <string>

namespace deskd {

// "process 812 (minicom)" for whoever holds a flock() on the file, as far as /proc/locks shows it; else
// empty.
std::string lockHolder(const struct stat& file);

}  // namespace deskd
