// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace deskd {

// How many letters have to be inserted, left out, replaced or swapped with the next to make one of the other.
std::size_t editDistance(std::string_view a, std::string_view b);

// The candidate that `word` was most likely meant to be, or "" if none is close: at most a third of the
// word's letters (and always one or two) inserted, left out, replaced or swapped with the next.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace deskd
