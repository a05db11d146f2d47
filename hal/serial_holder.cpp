// SPDX-License-Identifier: Apache-2.0
#include "hal/serial_holder.h"

#include <sys/sysmacros.h>

#include <cstdio>
#include <fstream>

namespace deskd {

std::string lockHolder(const struct stat& file) {
  char wanted[64];
  std::snprintf(wanted, sizeof wanted, "%02x:%02x:%llu", major(file.st_dev), minor(file.st_dev),
                static_cast<unsigned long long>(file.st_ino));
  std::ifstream locks("/proc/locks");
  // 3: FLOCK  ADVISORY  WRITE 812 00:18:3 0 EOF; a process that waits for the lock has "->" behind the
  // number.
  std::string number, kind, advisory, access, pid, where, rest;
  while (locks >> number >> kind >> advisory >> access >> pid >> where && std::getline(locks, rest)) {
    if (kind != "FLOCK" || where != wanted || pid.empty() || pid == "0" || pid[0] == '-') continue;
    std::string holder = "process " + pid;
    std::string name;
    std::ifstream comm("/proc/" + pid + "/comm");
    if (std::getline(comm, name)) holder.append(" (").append(name).append(")");
    return holder;
  }
  return {};
}

}  // namespace deskd
