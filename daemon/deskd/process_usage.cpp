// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/process_usage.h"

#include <time.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <system_error>

#include "hal/base/file.h"

namespace deskd {
namespace {

constexpr std::size_t mostBytes = 64 * 1024;

std::string read(int pid, const char* name) {
  try {
    return readFile("/proc/" + std::to_string(pid) + "/" + name, mostBytes);
  } catch (const std::system_error&) {
    return "";
  }
}

std::uint64_t proportional(int pid) {
  const std::string text = read(pid, "smaps_rollup");
  const std::size_t at = text.find("\nPss:");
  if (at == std::string::npos) return 0;
  std::uint64_t kib = 0;
  std::istringstream(text.substr(at + 5)) >> kib;
  return kib * 1024;
}

std::uint64_t resident(int pid) {
  std::uint64_t pages = 0;
  std::uint64_t in = 0;
  std::istringstream(read(pid, "statm")) >> pages >> in;
  return in * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::uint64_t memoryOf(int pid) {
  if (pid <= 0) return 0;
  const std::uint64_t bytes = proportional(pid);
  return bytes != 0 ? bytes : resident(pid);
}

std::uint64_t cpuTimeOf(int pid) {
  clockid_t clock{};
  timespec used{};
  if (pid <= 0 || ::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return static_cast<std::uint64_t>(used.tv_sec) * 1000000 + static_cast<std::uint64_t>(used.tv_nsec) / 1000;
}

}  // namespace deskd
