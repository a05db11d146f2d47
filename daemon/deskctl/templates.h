// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace deskd {

// A script to begin with: scripts/templates/NAME.js and NAME.toml.
struct Template {
  std::string name;
  std::string about;  // its first sentence
  std::string script;
  std::string settings;
};

// All that are installed, by name. `library`: the directory of the shipped scripts, which imports of the
// templates' are made to name. Throws std::system_error for a file that cannot be read.
std::vector<Template> readTemplates(const std::string& library);

}  // namespace deskd
