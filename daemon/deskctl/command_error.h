// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace deskd {

// Why a command ends, with what it exits with (ExitCode).
class CommandError : public std::runtime_error {
 public:
  CommandError(int code, const std::string& text) : std::runtime_error(text), code_(code) {}
  int code() const { return code_; }

 private:
  int code_;
};

}  // namespace deskd
