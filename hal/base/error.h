// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace deskd {

// Throws std::system_error for the current errno, worded "<action> <object>: <reason>".
[[noreturn]] void throwErrno(std::string_view action, std::string_view object = {});

// The same for an error number that did not come from errno.
[[noreturn]] void throwErrno(int error, std::string_view action, std::string_view object = {});

// An error that scripts see with a code of their own, such as "ERR_CLOSED" (not an errno name).
class CodedError : public std::runtime_error {
 public:
  CodedError(std::string code, const std::string& message)
      : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

// "EBUSY" for EBUSY; "E123" for a number without a name.
std::string errnoName(int error);

}  // namespace deskd
