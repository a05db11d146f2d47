// SPDX-License-Identifier: Apache-2.0
// native:cron: when the jobs of bindings/js/cron.js run.
#include <map>
#include <random>

#include "bindings/async.h"
#include "bindings/builtins.h"
#include "bindings/open_handle.h"
#include "hal/cron/timetable.h"

namespace deskd {

template <>
struct Names<GapPolicy> {
  static constexpr std::array list{std::pair{"skip", GapPolicy::skip}, std::pair{"once", GapPolicy::once}};
};

// As bindings/js/cron_options.js gives them.
struct CronScriptOptions {
  std::string expression;
  std::string timeZone;  // empty: the machine's
  GapPolicy dst = GapPolicy::once;
  bool runMissed = false;
  bool runUnsynchronized = false;
  std::uint32_t jitter = 0;
};
template <>
struct Fields<CronScriptOptions> {
  static constexpr std::tuple list{field("expression", &CronScriptOptions::expression),
                                   field("timeZone", &CronScriptOptions::timeZone),
                                   field("dst", &CronScriptOptions::dst),
                                   field("runMissed", &CronScriptOptions::runMissed),
                                   field("runUnsynchronized", &CronScriptOptions::runUnsynchronized),
                                   field("jitter", &CronScriptOptions::jitter)};
};

namespace {

std::shared_ptr<const TimeZone> zoneOf(const CronScriptOptions& options) {
  return options.timeZone.empty() ? openLocalTimeZone() : openTimeZone(options.timeZone);
}

// All jobs of the script: one timetable, one clock.
class Schedules final : public Wrapped {
 public:
  explicit Schedules(Js& js)
      : Wrapped(js), table_([this] { return chance_(random_); }), random_(std::random_device{}()) {
    clock_ = js.services().wallClock(js.loop(), [this] { look(); });
  }

  std::uint32_t add(const CronScriptOptions& options, Callback due) {
    auto open = std::make_unique<OpenHandle>(js());
    const std::uint32_t id = ++lastId_;
    table_.add(id,
               {parseCronExpression(options.expression), zoneOf(options), options.dst, options.runMissed,
                options.runUnsynchronized, options.jitter},
               clock_->read());
    due_.emplace(id, Job{std::move(open), std::move(due)});
    watch();
    return id;
  }
  void remove(std::uint32_t id) {
    due_.erase(id);
    table_.remove(id);
    watch();
  }
  void remember(std::uint32_t id, double lastMs) {
    table_.ranBefore(id, static_cast<std::int64_t>(lastMs), clock_->read());
    watch();
  }

  std::optional<double> nextMs(std::uint32_t id) const {
    const auto next = table_.nextMs(id);
    return next ? std::optional(static_cast<double>(*next)) : std::nullopt;
  }
  bool held(std::uint32_t id) const { return table_.isHeld(id); }
  double nowMs() { return static_cast<double>(clock_->read().wallMs); }

  void close() override {
    clock_.reset();
    due_.clear();
  }

 private:
  struct Job {
    std::unique_ptr<OpenHandle> open;
    Callback due;
  };

  // Each job has a turn of its own, and may close others in it. While the script unloads none begins: it is
  // stopping what they would start.
  void look() {
    if (js().unloading()) return clock_->rest();
    const auto runs = table_.takeDue(clock_->read());
    if (holding_ && table_.held() == 0) tell("the clock is synchronised, jobs are held no longer");
    for (const Timetable::Run& run : runs) {
      FromLoop(*this).enter([&] {
        const auto found = due_.find(run.job);
        if (found != due_.end())
          found->second.due.call(js(), static_cast<double>(run.scheduledMs), run.missed);
      });
    }
    watch();
  }

  void watch() {
    if (!clock_) return;
    if (table_.empty())
      clock_->rest();
    else
      clock_->watch(table_.wakeAtMs());
    tellHeld();
  }

  void tellHeld() {
    const bool holds = table_.held() > 0;
    if (holds && !holding_)
      tell("expected a synchronised clock, found one that may be wrong: jobs are held until it is");
    holding_ = holds;
  }
  void tell(const char* what) { js().services().log({Priority::notice, std::string("cron: ") + what, {}}); }

  Timetable table_;
  std::minstd_rand random_;
  std::uniform_real_distribution<double> chance_{0, 1};
  std::unique_ptr<WallClock> clock_;
  std::map<std::uint32_t, Job> due_;
  std::uint32_t lastId_ = 0;
  bool holding_ = false;
};

std::uint32_t add(Js& js, CronScriptOptions options, Callback due) {
  return js.single<Schedules>().add(options, std::move(due));
}
void remove(Js& js, std::uint32_t id) {
  js.single<Schedules>().remove(id);
}
void remember(Js& js, std::uint32_t id, double lastMs) {
  js.single<Schedules>().remember(id, lastMs);
}
std::optional<double> nextMs(Js& js, std::uint32_t id) {
  return js.single<Schedules>().nextMs(id);
}
bool held(Js& js, std::uint32_t id) {
  return js.single<Schedules>().held(id);
}
double nowMs(Js& js) {
  return js.single<Schedules>().nowMs();
}

std::vector<double> occurrences(Js&, CronScriptOptions options, double afterMs, std::uint32_t count) {
  const CronExpression expression = parseCronExpression(options.expression);
  const auto zone = zoneOf(options);
  std::vector<double> times;
  auto after = static_cast<std::int64_t>(afterMs);
  while (times.size() < count) {
    const auto next = nextOccurrence(expression, *zone, options.dst, after);
    if (!next) break;
    times.push_back(static_cast<double>(*next));
    after = *next;
  }
  return times;
}

}  // namespace

void addCron(ModuleBuilder& module) {
  module.function<add>("add")
      .function<remove>("remove")
      .function<remember>("remember")
      .function<nextMs>("nextMs")
      .function<held>("held")
      .function<nowMs>("nowMs")
      .function<occurrences>("occurrences");
}

}  // namespace deskd
