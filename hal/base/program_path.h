// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace deskd {

// Full path of another program of deskd: beside this one, as in the build tree, or where it is installed:
// programs for people in bin, the others in lib/deskd.
std::string programPath(const std::string& name);

// The directory of the shipped scripts that belongs to this program: beside it in a build tree, else
// ../share/deskd/scripts; its real path, as imports name it. Empty if there is neither.
std::string shippedScripts();

}  // namespace deskd
