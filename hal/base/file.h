// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deskd {

// The whole file. Throws std::system_error naming it, EFBIG if it holds more than `mostBytes`.
std::string readFile(const std::string& path, std::size_t mostBytes);

// Replaces the file in one step: readers see the old content or the new one, and power loss leaves one of
// them.
void replaceFile(const std::string& path, std::string_view content);

}  // namespace deskd
