// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/deskd/options.h"

namespace deskd {

// `deskd --print-settings`, for deskctl: what the settings come to, as one line of JSON on standard output,
// with every mistake in them. Returns the exit code: 0, mistakes or not.
int printSettings(const Options& options);

// `deskd --print-script-settings FILE.toml`: those of one script, with its limits. Prints mistakes on
// standard error and returns 1 if there are any.
int printScriptSettings(const Options& options);

}  // namespace deskd
