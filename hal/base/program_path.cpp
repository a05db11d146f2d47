// SPDX-License-Identifier: Apache-2.0
#include "hal/base/program_path.h"

#include <filesystem>

namespace deskd {
namespace {

namespace fs = std::filesystem;

fs::path ownDirectory() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path();
}

}  // namespace

std::string programPath(const std::string& name) {
  std::error_code ignored;
  const fs::path here = ownDirectory();
  for (const fs::path& place : {here / name, here.parent_path() / "lib" / "deskd" / name})
    if (fs::exists(place, ignored)) return place.string();
  return (here / name).string();
}

std::string shippedScripts() {
  std::error_code ignored;
  const fs::path here = ownDirectory();
  for (const fs::path& place : {here / "scripts", here.parent_path() / "share" / "deskd" / "scripts"})
    if (fs::is_directory(place, ignored)) return fs::canonical(place, ignored).string();
  return "";
}

}  // namespace deskd
