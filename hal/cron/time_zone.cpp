// SPDX-License-Identifier: Apache-2.0
#include "hal/cron/time_zone.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "hal/base/error.h"
#include "hal/base/nearest.h"

namespace deskd {
namespace {

// Needs no database.
class Utc final : public TimeZone {
 public:
  const std::string& name() const override { return name_; }
  Span spanAt(std::int64_t) const override { return {earliest, latest, 0}; }

 private:
  const std::string name_ = "UTC";
};

class DatabaseZone final : public TimeZone {
 public:
  explicit DatabaseZone(const date::time_zone& zone) : zone_(zone), name_(zone.name()) {}

  const std::string& name() const override { return name_; }

  Span spanAt(std::int64_t second) const override {
    const date::sys_info info =
        zone_.get_info(date::sys_seconds(std::chrono::seconds(std::clamp(second, earliest, latest - 1))));
    return {std::max<std::int64_t>(info.begin.time_since_epoch().count(), earliest),
            std::min<std::int64_t>(info.end.time_since_epoch().count(), latest), info.offset.count()};
  }

 private:
  const date::time_zone& zone_;  // the library's, for as long as the process runs
  const std::string name_;
};

const date::tzdb& database() {
  try {
    return date::get_tzdb();
  } catch (const std::exception& error) {
    throw CodedError(
        "ERR_TIME_ZONES",
        std::string("expected the time zone database of the package tzdata, found none: ") + error.what());
  }
}

}  // namespace

std::shared_ptr<const TimeZone> openTimeZone(const std::string& name) {
  if (name == "UTC") return std::make_shared<Utc>();
  const auto& zones = database().zones;  // sorted by name
  const auto found =
      std::lower_bound(zones.begin(), zones.end(), name,
                       [](const auto& zone, const auto& wanted) { return zone.name() < wanted; });
  if (found != zones.end() && found->name() == name) return std::make_shared<DatabaseZone>(*found);
  std::vector<std::string> names;
  for (const auto& zone : zones)
    names.push_back(zone.name());
  const std::string meant = nearest(name, names);
  throw std::invalid_argument("time zone: expected a name such as \"Europe/Berlin\", found \"" + name + "\"" +
                              (meant.empty() ? "" : "; did you mean \"" + meant + "\"?"));
}

std::shared_ptr<const TimeZone> openLocalTimeZone() {
  if (const char* const variable = std::getenv("TZ"); variable != nullptr && *variable != '\0')
    return openTimeZone(*variable == ':' ? variable + 1 : variable);
  std::error_code ignored;
  if (!std::filesystem::exists("/etc/localtime", ignored)) return std::make_shared<Utc>();
  database();
  try {
    return std::make_shared<DatabaseZone>(*date::current_zone());
  } catch (const std::exception& error) {
    throw CodedError(
        "ERR_TIME_ZONES",
        std::string("time zone: expected /etc/localtime to be a link to the machine's: ") + error.what());
  }
}

}  // namespace deskd
