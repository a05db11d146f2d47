// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace deskd {

// How often in a row deskd has started and ended before it was ready, on disk.
class BootCount {
 public:
  static constexpr unsigned mostFailures = 3;

  // `path` may be empty: then nothing is counted.
  explicit BootCount(std::string path);

  // Of the starts before this one.
  unsigned failed() const { return failed_; }
  bool tooMany() const { return failed_ >= mostFailures; }
  // This one begins; on the disk when it returns.
  void begin();
  void ready();

 private:
  void write(unsigned count);

  const std::string path_;
  unsigned failed_ = 0;
};

}  // namespace deskd
