// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hal/sim/lines.h"

namespace deskd {

// Failures by error number at a chosen moment: the operation's next so many uses go well, then so many fail.
class SimFaults {
 public:
  struct Fault {
    std::string operation;  // one of operations()
    int error = 0;
    unsigned after = 0;             // uses that go well before
    std::optional<unsigned> count;  // uses that fail; absent: all that follow
    std::optional<SimLineId> line;  // only uses that concern this line
  };

  // "gpio-lines", "gpio-request", "gpio-set", "gpio-get", "i2c-open", "i2c-transfer", "i2c-probe",
  // "serial-add".
  static std::span<const char* const> operations();

  // Throws std::invalid_argument for an operation that there is not.
  void add(Fault fault);
  void clear() { faults_.clear(); }

  // To be asked once for each use: throws std::system_error if it is to fail.
  void check(const std::string& operation, std::span<const SimLineId> lines = {});

 private:
  std::vector<Fault> faults_;
};

}  // namespace deskd
