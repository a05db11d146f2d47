// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/faults.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "hal/base/error.h"

namespace deskd {

std::span<const char* const> SimFaults::operations() {
  static constexpr std::array names{"gpio-lines", "gpio-request", "gpio-set",  "gpio-get",
                                    "i2c-open",   "i2c-transfer", "i2c-probe", "serial-add"};
  return names;
}

void SimFaults::add(Fault fault) {
  const auto known = operations();
  if (std::find(known.begin(), known.end(), fault.operation) == known.end()) {
    std::string names;
    for (const char* name : known)
      names.append(names.empty() ? "" : ", ").append(name);
    throw std::invalid_argument("operation: expected one of " + names + ", found " + fault.operation);
  }
  faults_.push_back(std::move(fault));
}

void SimFaults::check(const std::string& operation, std::span<const SimLineId> lines) {
  int error = 0;
  for (Fault& fault : faults_) {
    const bool concerned = fault.operation == operation &&
                           (!fault.line || std::find(lines.begin(), lines.end(), *fault.line) != lines.end());
    if (!concerned) continue;
    if (fault.after > 0) {
      --fault.after;
    } else if (error == 0) {
      error = fault.error;
      if (fault.count) --*fault.count;
    }
  }
  std::erase_if(faults_, [](const Fault& fault) { return fault.count == 0U; });
  if (error != 0) throwErrno(error, "simulated fault of", operation);
}

}  // namespace deskd
