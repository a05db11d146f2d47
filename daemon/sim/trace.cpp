// SPDX-License-Identifier: Apache-2.0
#include "daemon/sim/trace.h"

#include <cinttypes>

#include "hal/base/error.h"

namespace deskd {

Trace::Trace(const std::string& path) {
  if (path.empty()) return;
  file_.reset(std::fopen(path.c_str(), "ae"));
  if (!file_) throwErrno("open trace", path);
  std::setvbuf(file_.get(), nullptr, _IOLBF, 4096);
}

void Trace::write(std::uint64_t atMs, std::string_view what) {
  if (!file_) return;
  std::fprintf(file_.get(), "%" PRIu64 " %.*s\n", atMs, static_cast<int>(what.size()), what.data());
}

}  // namespace deskd
