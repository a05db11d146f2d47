// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hal/base/log.h"

namespace deskd {

// The journal's sink, with priority and fields, if standard error is connected to the journal; otherwise the
// plain one.
LogSink makeLogSink();

// A record as the journal takes it, "KEY=value" each.
std::vector<std::string> journalFields(const LogRecord& record);

// Whether the descriptor is the stream to the journal that systemd names in JOURNAL_STREAM, "DEVICE:INODE";
// null: it names none. A redirected standard error is another file.
bool leadsToJournal(int descriptor, const char* stream);

}  // namespace deskd
