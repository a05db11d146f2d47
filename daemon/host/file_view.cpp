// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/file_view.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"

namespace deskd {
namespace {

// Of the kernel's interface as it is now; the headers that deskd is built with may be older.
struct RulesetAttributes {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};
constexpr std::uint64_t execute = 1u << 0;
constexpr std::uint64_t writeFile = 1u << 1;
constexpr std::uint64_t readFile = 1u << 2;
constexpr std::uint64_t readDirectory = 1u << 3;
constexpr std::uint64_t makeRegular = 1u << 8;
constexpr std::uint64_t refer = 1u << 13;         // version 2
constexpr std::uint64_t truncateFile = 1u << 14;  // 3
constexpr std::uint64_t deviceIoctl = 1u << 15;   // 5
constexpr std::uint64_t bindTcp = 1u << 0;        // 4
constexpr std::uint64_t connectTcp = 1u << 1;
constexpr std::uint64_t abstractSockets = 1u << 0;  // 6
constexpr std::uint64_t signals = 1u << 1;

// What the version knows; a right it does not know would be refused.
std::uint64_t fileRights(int version) {
  std::uint64_t rights = refer - 1;
  if (version >= 2) rights |= refer;
  if (version >= 3) rights |= truncateFile;
  if (version >= 5) rights |= deviceIoctl;
  return rights;
}

std::size_t attributeBytes(int version) {
  if (version >= 6) return sizeof(RulesetAttributes);
  return version >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

void allow(const UniqueFd& ruleset, const std::string& path, std::uint64_t rights) {
  const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place) return;
  struct stat status {};
  if (::fstat(place.get(), &status) != 0) throwErrno("look at", path);
  if (!S_ISDIR(status.st_mode)) rights &= execute | writeFile | readFile | truncateFile | deviceIoctl;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = place.get();
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    throwErrno("confine the process to", path);
}

}  // namespace

int landlockVersion() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

bool restrictFiles(const FileView& view) {
  const int version = landlockVersion();
  if (version == 0) return false;
  const std::uint64_t known = fileRights(version);
  const RulesetAttributes attributes{known, bindTcp | connectTcp, abstractSockets | signals};
  const UniqueFd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, attributeBytes(version), 0)));
  if (!ruleset) throwErrno("confine the process");
  for (const std::string& path : view.readable)
    allow(ruleset, path, known & (readFile | readDirectory));
  for (const std::string& path : view.listed)
    allow(ruleset, path, known & readDirectory);
  for (const std::string& path : view.devices)
    allow(ruleset, path, known & (readFile | writeFile | readDirectory | deviceIoctl));
  for (const std::string& path : view.writable)
    allow(ruleset, path, known & (readFile | writeFile | readDirectory | makeRegular | truncateFile));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) throwErrno("confine the process");
  return true;
}

}  // namespace deskd
