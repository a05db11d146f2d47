// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/simulation.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "hal/base/error.h"

namespace deskd {

Simulation::Simulation() {
  std::error_code ignored;
  std::string pattern = std::filesystem::temp_directory_path(ignored).string() + "/deskctl-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    throwErrno("create a directory for the simulated board,", pattern);
  directory_ = pattern;
  program_.emplace(
      "deskd-sim",
      std::vector<std::string>{"--link", directory_ + "/desk", "--board", boardPath(), "--die-with-parent"},
      Program::Output::read);
  if (!program_->readLine().starts_with("ready"))
    throw std::runtime_error("the simulated board did not start");
}

Simulation::~Simulation() {
  program_.reset();  // removes its own files first
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::vector<std::string> Simulation::hostArguments() const {
  return {"--board", boardPath(), "--serial", directory_ + "/desk"};
}

}  // namespace deskd
