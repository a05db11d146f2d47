// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace deskd {

// How one asynchronous request ended: `code` is empty for success, else an error code such as "ERR_OFFLINE".
struct Outcome {
  std::string code;
  std::string message;
  bool ok() const { return code.empty(); }
};
using Done = std::function<void(const Outcome&)>;

}  // namespace deskd
