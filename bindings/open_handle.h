// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings/js.h"

namespace deskd {

// One of the things a script may have only so many of at a time, for as long as this lives: a port, lines, a
// bus, a subscription, a timer. Throws CodedError ERR_LIMIT for one too many.
class OpenHandle {
 public:
  explicit OpenHandle(Js& js) : js_(js) { js.openHandle(); }
  ~OpenHandle() { js_.closeHandle(); }
  OpenHandle(const OpenHandle&) = delete;
  OpenHandle& operator=(const OpenHandle&) = delete;

 private:
  Js& js_;
};

}  // namespace deskd
