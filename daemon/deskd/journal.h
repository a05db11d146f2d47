// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hal/base/log.h"

namespace deskd {

// The journal's sink, with priority and fields, if standard error is connected to the journal; otherwise the
// plain one.
LogSink makeLogSink();

}  // namespace deskd
