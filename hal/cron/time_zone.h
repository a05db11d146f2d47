// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace deskd {

// How far a place's wall clock is ahead of UTC, and when that changes.
class TimeZone {
 public:
  // From `begin` to before `end`, in seconds since 1970, the wall clock is `offset` seconds ahead.
  struct Span {
    std::int64_t begin;
    std::int64_t end;
    std::int64_t offset;
  };
  // No change is before this or after that.
  static constexpr std::int64_t earliest = -(std::int64_t{1} << 39);
  static constexpr std::int64_t latest = std::int64_t{1} << 39;

  virtual ~TimeZone() = default;
  virtual const std::string& name() const = 0;
  virtual Span spanAt(std::int64_t second) const = 0;
};

// The zone of that name in the system's time zone database (package tzdata), which is read when the first is
// opened. Throws std::invalid_argument for a name that it does not have, CodedError ERR_TIME_ZONES if there
// is no database.
std::shared_ptr<const TimeZone> openTimeZone(const std::string& name);

// The machine's: TZ of the environment if it is set, else what /etc/localtime is a link to; UTC without both.
std::shared_ptr<const TimeZone> openLocalTimeZone();

}  // namespace deskd
