// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/guard_spare.h"

#include <signal.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "hal/base/log.h"

namespace deskd {
namespace {

// A spare that dies sooner than this after its start was of no use.
constexpr std::uint64_t quickMs = 2000;

}  // namespace

GuardSpare::GuardSpare(Loop& loop, Reaper& reaper)
    : loop_(loop), reaper_(reaper), restart_(loop, [this] { launch(); }) {}

void GuardSpare::keep(const GuardCommand& command, Milliseconds longestPause) {
  if (stopping_ || process_) return;
  command_ = command;
  longestPause_ = longestPause;
  if (failures_ == 0) return launch();
  restart_.start(pause());
}

void GuardSpare::launch() {
  startedMs_ = loop_.nowMs();
  try {
    process_ = std::make_unique<GuardProcess>(
        loop_, reaper_, command_, GuardProcess::Role::spare,
        GuardProcess::Handlers{
            [this](wire::Any&& message) { waits_ = std::holds_alternative<wire::Standby>(message); },
            [this](int status) { failed("the spare deskd-guard " + Reaper::describe(status)); }});
  } catch (const std::exception& error) {
    failed(std::string(error.what()) + ": there is no spare deskd-guard");
  }
}

Milliseconds GuardSpare::pause() const {
  return std::min(longestPause_, Milliseconds(50 << std::min(failures_, 8)));
}

void GuardSpare::failed(const std::string& how) {
  process_.reset();
  waits_ = false;
  if (stopping_) {
    if (const auto stopped = std::exchange(stopped_, nullptr)) stopped();
    return;
  }
  failures_ = loop_.nowMs() - startedMs_ < quickMs ? failures_ + 1 : 1;
  log(failures_ == 1 ? Priority::notice : Priority::debug,
      how + ", starting another in " + std::to_string(pause().count()) + " ms");
  restart_.start(pause());
}

GuardSpare::Guard GuardSpare::activate(GuardProcess::Handlers handlers) {
  restart_.stop();
  Guard next{std::move(process_), std::exchange(waits_, false)};
  if (!next.process) return {};
  next.process->handOver(std::move(handlers));
  if (!next.process->post(wire::TakeOver{})) {  // it has just died, too
    ++failures_;
    return {};
  }
  failures_ = 0;
  return next;
}

void GuardSpare::stop(std::function<void()> stopped) {
  stopping_ = true;
  restart_.stop();
  if (!process_) return stopped();
  stopped_ = std::move(stopped);
  process_->signal(SIGKILL);  // it holds nothing
}

}  // namespace deskd
