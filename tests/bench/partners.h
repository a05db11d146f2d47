// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace deskd::bench {

// What the same question took with several who answer it.
struct Samples {
  std::string name;
  std::vector<double> microseconds;

  double quantile(double which) {
    if (microseconds.empty()) throw std::runtime_error(name + ": nothing was measured");
    std::sort(microseconds.begin(), microseconds.end());
    return microseconds[static_cast<std::size_t>(which * static_cast<double>(microseconds.size() - 1))];
  }
};

// p50 and p99 of each, and as ratios to the first's.
inline void printRatios(std::vector<Samples> all) {
  const double p50 = all.front().quantile(0.5);
  const double p99 = all.front().quantile(0.99);
  for (Samples& one : all)
    std::printf("%-8s p50 %7.0f us (%.2fx)  p99 %7.0f us (%.2fx)\n", one.name.c_str(), one.quantile(0.5),
                one.quantile(0.5) / p50, one.quantile(0.99), one.quantile(0.99) / p99);
}

}  // namespace deskd::bench
