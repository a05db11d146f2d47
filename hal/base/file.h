// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deskd {

// The whole file. Throws std::system_error naming it, EFBIG if it holds more than `mostBytes`.
std::string readFile(const std::string& path, std::size_t mostBytes);

// Device, inode, size and time of the file that the path leads to, empty if there is none: a new file under
// the old name differs, too.
std::string fileSignature(const std::string& path);

// Replaces the file in one step: readers see the old content or the new one. `lasting`: power loss, too,
// leaves one of them, for which the disk is waited for.
enum class Durability { lasting, untilReboot };
void replaceFile(const std::string& path, std::string_view content,
                 Durability durability = Durability::lasting);

}  // namespace deskd
