// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bindings/engine.h"
#include "bindings/host_services.h"

namespace deskd {

// Runs one script in this process, without supervisor, broker and limits, its console on standard error and
// output, until nothing keeps it going or it fails. For debugging and for the JavaScript tests. Returns the
// exit code. `serialPort`, unless it is empty, stands for every serial port but those of the simulated board.
int runForeground(Engine& engine, const ScriptInfo& script, const ScriptLimits& limits,
                  const std::string& serialPort);

// Compiles and links the script and its imports, and prints what is wrong. Returns 0 if nothing is.
int checkScript(Engine& engine, const ScriptInfo& script, const ScriptLimits& limits);

}  // namespace deskd
