// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/sandbox.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "daemon/host/file_view.h"
#include "daemon/host/syscall_filter.h"
#include "hal/base/error.h"

namespace deskd {
namespace {

// Only root has any to lose. Who has none may not be allowed the call either: the unit file forbids it.
void dropCapabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> held{};
  if (::syscall(SYS_capget, &header, held.data()) != 0) throwErrno("look at capabilities");
  const auto has = [](const __user_cap_data_struct& some) {
    return (some.effective | some.permitted | some.inheritable) != 0;
  };
  if (std::none_of(held.begin(), held.end(), has)) return;
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) throwErrno("give up capabilities");
}

// A script may be a link to where its files are.
std::string directoryOf(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  return error ? std::filesystem::path(path).parent_path().string() : real.parent_path().string();
}

}  // namespace

void enterSandbox(const Sandbox& sandbox) {
  dropCapabilities();
  const std::string directory = std::filesystem::path(sandbox.scriptPath).parent_path().string();
  FileView view;
  view.readable = {directory,       directoryOf(sandbox.scriptPath), sandbox.libraryPath, "/etc/localtime",
                   "/etc/timezone", "/usr/share/zoneinfo",           "/proc/self",        "/proc/locks"};
  // libgpiod 1.6 looks there whether a file is a chip.
  view.readable.emplace_back("/sys/devices");
  view.listed = {"/dev"};
  view.devices = sandbox.devices;
  // Locks of simulated buses are beside the board's socket.
  if (!sandbox.boardPath.empty())
    view.writable.push_back(std::filesystem::path(sandbox.boardPath).parent_path().string());
  restrictFiles(view);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // A sanitizer asks the system for more than a script's host does.
  restrictSystemCalls(!sandbox.boardPath.empty());
#endif
}

}  // namespace deskd
