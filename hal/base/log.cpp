// SPDX-License-Identifier: Apache-2.0
#include "hal/base/log.h"

#include <unistd.h>

#include <atomic>
#include <mutex>

namespace deskd {
namespace {

std::atomic<int> leastUrgent{static_cast<int>(Priority::info)};
std::mutex sinkMutex;

void printToStderr(const LogRecord& record) {
  const std::string line = plainLine(record) + "\n";
  // One write, so that lines of several processes do not mix. A full disk or a closed terminal must not stop
  // us.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

LogSink& currentSink() {
  static LogSink sink = printToStderr;
  return sink;
}

}  // namespace

void setLogSink(LogSink sink) {
  const std::lock_guard lock(sinkMutex);
  currentSink() = sink ? std::move(sink) : LogSink(printToStderr);
}

void setLogLevel(Priority least) {
  leastUrgent = static_cast<int>(least);
}

Priority logLevel() {
  return static_cast<Priority>(leastUrgent.load());
}

void log(LogRecord record) {
  if (static_cast<int>(record.priority) <= leastUrgent) logAnyway(record);
}

void logAnyway(const LogRecord& record) {
  const std::lock_guard lock(sinkMutex);
  currentSink()(record);
}

void log(Priority priority, std::string text, std::vector<std::pair<std::string, std::string>> fields) {
  log(LogRecord{priority, std::move(text), std::move(fields)});
}

std::string_view priorityName(Priority priority) {
  switch (priority) {
    case Priority::error:
      return "error";
    case Priority::warning:
      return "warning";
    case Priority::notice:
      return "notice";
    case Priority::info:
      return "info";
    case Priority::debug:
      return "debug";
  }
  return "info";
}

std::string plainLine(const LogRecord& record) {
  std::string line;
  for (const auto& [key, value] : record.fields)
    if (key == "SCRIPT") line += value + ": ";
  if (record.priority != Priority::info) line.append(priorityName(record.priority)).append(": ");
  return line + record.text;
}

}  // namespace deskd
