// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "bindings/engine.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// The life of one script's process under the supervisor, from its Load message to its exit code: 0 after an
// unload, 1 after a failure that the supervisor has been told. Ends by itself when the supervisor is gone.
int runScriptHost(Engine& engine, UniqueFd supervisor);

}  // namespace deskd
