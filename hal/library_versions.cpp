// SPDX-License-Identifier: Apache-2.0
#include "hal/library_versions.h"

#include <gpiod.h>

#include "hal/base/loop.h"

namespace deskd {

std::string libuvVersion() {
  return uv_version_string();
}

std::string libgpiodVersion() {
#ifdef GPIOD_LINE_BULK_MAX_LINES  // libgpiod 1
  return gpiod_version_string();
#else
  return gpiod_api_version();
#endif
}

}  // namespace deskd
