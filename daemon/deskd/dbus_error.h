// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hal/base/error.h"
#include "hal/base/utf8.h"

namespace deskd {

// sd-bus returns errors as negative errno numbers.
inline int checkBus(int result, std::string_view action) {
  if (result < 0) throwErrno(-result, action);
  return result;
}

// As the bus takes it: UTF-8, or with ? in place of what is not ASCII.
inline std::string busText(std::string text) {
  if (isUtf8(text)) return text;
  for (char& letter : text)
    if (static_cast<unsigned char>(letter) >= 0x80) letter = '?';
  return text;
}

}  // namespace deskd
