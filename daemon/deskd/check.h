// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/deskd/options.h"
#include "daemon/deskd/settings.h"

namespace deskd {

// `deskd --check`: reads all settings, compiles all scripts, runs nothing. Prints each mistake on standard
// error, and returns the exit code: 0 without any, 1 otherwise.
int checkEverything(const Options& options);

// `deskd --version`.
int printVersions();

// The shipped scripts: as the settings say, but from a build tree those beside the program.
std::string libraryDirectory(const Settings& settings);

}  // namespace deskd
