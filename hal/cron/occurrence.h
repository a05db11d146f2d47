// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "hal/cron/expression.h"
#include "hal/cron/time_zone.h"

namespace deskd {

// What becomes of a time of the day that does not exist, because clocks were set forward over it.
enum class GapPolicy { skip, once };

// The first time after `afterMs` (since 1970) at which the expression wants to run, in milliseconds since
// 1970; none if there is none within 60 years.
//
// An expression that is an interval runs whenever the wall clock shows a time that it matches: in both hours
// when clocks are set back, and in none that does not exist. One with times of the day runs at the first of
// two that are called the same; one that does not exist is skipped, or all that fall into the same gap are
// run once, at the first moment after it.
std::optional<std::int64_t> nextOccurrence(const CronExpression& expression, const TimeZone& zone,
                                           GapPolicy policy, std::int64_t afterMs);

}  // namespace deskd
