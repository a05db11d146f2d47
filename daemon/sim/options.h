// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "hal/sim/board.h"
#include "hal/sim/cable_end.h"
#include "hal/sim/jiecang_desk.h"

namespace deskd {

struct SimOptions {
  bool withDesk = true;
  JiecangOptions desk;
  CableOptions cable;
  std::string tracePath;
  std::string controlPath;
  std::string boardPath;  // empty: no board
  SimBoardOptions board;
  std::string recordPath;
  bool dieWithParent = false;
};

// The options, or the status to exit with: help or a complaint has been printed.
std::variant<SimOptions, int> parseSimOptions(int argc, char** argv);

}  // namespace deskd
