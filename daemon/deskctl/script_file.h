// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/deskctl/command.h"

namespace deskd {

// How a script on disk is to be run: what deskd makes of the settings beside it.
struct ScriptFile {
  std::string path;
  std::string settingsJson;
  std::string libraryPath;
  unsigned turnMs = 0;
  unsigned heapMib = 0;

  // The command line of deskd-host for it, without the file.
  std::vector<std::string> hostArguments() const;
};

// Nothing if the settings are wrong: deskd has printed why. Throws std::runtime_error for what is no script's
// file.
// `settingsPath`: NAME.toml, if it is not the one beside NAME.js.
std::optional<ScriptFile> readScriptFile(const Context& context, const std::string& path,
                                         const std::string& settingsPath = "");

// The options with which deskd reads the same settings.
std::vector<std::string> configArguments(const Context& context);

}  // namespace deskd
