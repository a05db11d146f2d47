// SPDX-License-Identifier: Apache-2.0
#include "hal/base/error.h"

#include <cerrno>
#include <cstring>

namespace deskd {

void throwErrno(std::string_view action, std::string_view object) {
  throwErrno(errno, action, object);
}

void throwErrno(int error, std::string_view action, std::string_view object) {
  std::string what(action);
  if (!object.empty()) what.append(" ").append(object);
  throw std::system_error(error, std::generic_category(), what);
}

std::string errnoName(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : "E" + std::to_string(error);
}

}  // namespace deskd
