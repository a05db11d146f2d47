// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace deskd {

// A file of what happened: "12345 rx F1F12B002B7E", milliseconds of CLOCK_MONOTONIC and the event, each line
// written at once.
class Trace {
 public:
  // With an empty path it writes nowhere.
  explicit Trace(const std::string& path);
  void write(std::uint64_t atMs, std::string_view what);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace deskd
