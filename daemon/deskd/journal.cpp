// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/journal.h"

// Our own fields say where in a script a line comes from; the macros would add where in this file it is sent.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace deskd {
namespace {

void sendToJournal(const LogRecord& record) {
  std::vector<std::string> fields = journalFields(record);
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (std::string& field : fields)
    parts.push_back({field.data(), field.size()});
  ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace

LogSink makeLogSink() {
  const bool journal = leadsToJournal(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
  return journal ? LogSink(sendToJournal) : LogSink();
}

std::vector<std::string> journalFields(const LogRecord& record) {
  std::vector<std::string> fields{"MESSAGE=" + record.text,
                                  "PRIORITY=" + std::to_string(static_cast<int>(record.priority)),
                                  "SYSLOG_IDENTIFIER=deskd"};
  for (const auto& [key, value] : record.fields)
    fields.push_back(key + "=" + value);
  return fields;
}

bool leadsToJournal(int descriptor, const char* stream) {
  struct stat status {};
  if (stream == nullptr || ::fstat(descriptor, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

}  // namespace deskd
