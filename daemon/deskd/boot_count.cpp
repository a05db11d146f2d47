// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/boot_count.h"

#include <cstdlib>
#include <system_error>
#include <utility>

#include "hal/base/file.h"
#include "hal/base/log.h"

namespace deskd {

BootCount::BootCount(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  try {
    failed_ = static_cast<unsigned>(std::strtoul(readFile(path_, 64).c_str(), nullptr, 10));
  } catch (const std::system_error&) {
    failed_ = 0;  // the first start
  }
}

void BootCount::begin() {
  write(failed_ + 1);
}

void BootCount::ready() {
  write(0);
}

void BootCount::write(unsigned count) {
  if (path_.empty()) return;
  try {
    replaceFile(path_, std::to_string(count) + "\n");
  } catch (const std::system_error& error) {
    log(Priority::error, std::string(error.what()) + ": starts that fail are not counted");
  }
}

}  // namespace deskd
