// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace deskd {

// The command line of deskd.
struct Options {
  std::string configPath = "/etc/deskd/deskd.toml";
  bool configGiven = false;  // then it has to exist
  bool check = false;
  bool printSettings = false;
  std::string scriptSettingsPath;  // of the NAME.toml to print
  bool simulate = false;
  std::string boardPath;       // of a simulated board that somebody else runs
  std::string bus = "system";  // "system", "session", "none", or a D-Bus address
  bool version = false;
  bool debug = false;
};

// Fills `options` and returns -1, or prints help or an error and returns the exit code.
int parseOptions(int argc, char** argv, Options& options);

}  // namespace deskd
