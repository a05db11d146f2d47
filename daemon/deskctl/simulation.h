// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/deskctl/program.h"

namespace deskd {

// A simulated board and desk for one command, in a directory of their own that goes with them.
class Simulation {
 public:
  // Returns when both are there. Throws std::runtime_error if they do not come.
  Simulation();
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // With which deskd-host runs a script on it.
  std::vector<std::string> hostArguments() const;
  std::string boardPath() const { return directory_ + "/board"; }

 private:
  std::string directory_;
  std::optional<Program> program_;
};

}  // namespace deskd
