// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deskd {

// Priorities of syslog(3), so that the journal takes them unchanged.
enum class Priority { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

// One line of the log with the fields that the journal can be searched by, such as {"SCRIPT", "desk"}.
struct LogRecord {
  Priority priority = Priority::info;
  std::string text;
  std::vector<std::pair<std::string, std::string>> fields;
};

using LogSink = std::function<void(const LogRecord&)>;

// Where records go; main() chooses before the first is written. The default prints to standard error.
void setLogSink(LogSink sink);
// Records less urgent than this are dropped. Default: info.
void setLogLevel(Priority least);
Priority logLevel();

void log(LogRecord record);
// Whatever the level is: for those who have a level of their own.
void logAnyway(const LogRecord& record);
void log(Priority priority, std::string text, std::vector<std::pair<std::string, std::string>> fields = {});

// The default sink's line: "warning: text", prefixed with the script's name if the record has one.
std::string plainLine(const LogRecord& record);
std::string_view priorityName(Priority priority);

}  // namespace deskd
