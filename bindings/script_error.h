// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace deskd {

// Why a script failed, in words for the person who wrote it.
struct ScriptError {
  // "exception", "rejection", "syntax", "module", "turn", "heap", "memory"
  std::string kind;
  std::string message;  // one line: "TypeError: x is not a function"
  std::string stack;    // frames, one a line, each "at name (file:line:column)"; may be empty
  std::string file;     // where: the innermost frame in a file; empty if unknown
  int line = 0;
  int column = 0;
};

}  // namespace deskd
