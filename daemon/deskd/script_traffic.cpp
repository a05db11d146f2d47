// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_traffic.h"

#include <algorithm>
#include <utility>

namespace deskd {
namespace {

constexpr std::uint64_t tellAfterMs = 1000;

// Whether `newer` makes `older` superfluous.
bool replaces(const wire::Any& newer, const wire::Any& older) {
  if (newer.index() != older.index()) return false;
  if (const auto* state = std::get_if<wire::State>(&newer))
    return state->property == std::get<wire::State>(older).property;
  return std::holds_alternative<wire::Attributes>(newer) || std::holds_alternative<wire::Available>(newer) ||
         std::holds_alternative<wire::Device>(newer);
}

// A value from before must not come after what is declared anew.
bool startsAnew(const wire::Any& message) {
  return std::holds_alternative<wire::Declare>(message) || std::holds_alternative<wire::Remove>(message) ||
         std::holds_alternative<wire::Device>(message);
}

bool passes(const wire::Any& message) {
  return std::holds_alternative<wire::Event>(message) || std::holds_alternative<wire::Refusal>(message);
}

}  // namespace

ScriptTraffic::ScriptTraffic(Loop& loop, Budget budget, Handlers handlers)
    : loop_(loop),
      budget_(budget),
      handlers_(std::move(handlers)),
      publishes_(budget.publishesPerS, loop.nowMs()),
      lines_(budget.logLinesPerS, loop.nowMs()),
      later_(loop, [this] { look(); }) {}

bool ScriptTraffic::mayPublish() {
  return waiting_.empty() && publishes_.take(loop_.nowMs());
}

bool ScriptTraffic::subscribe(std::uint32_t subscription) {
  if (subscriptions_.size() >= budget_.subscriptions) return false;
  subscriptions_.insert(subscription);
  return true;
}

bool ScriptTraffic::mayLog() {
  if (suppressed_ == 0 && lines_.take(loop_.nowMs())) return true;
  countSuppressed(1);
  return false;
}

void ScriptTraffic::countSuppressed(std::uint64_t lines) {
  if (suppressed_ == 0) suppressedAtMs_ = loop_.nowMs();
  suppressed_ += lines;
  wakeUp();
}

void ScriptTraffic::toHub(wire::Any&& message) {
  if (waiting_.empty() && publishes_.take(loop_.nowMs())) return handlers_.hub(std::move(message));
  wait(std::move(message));
  wakeUp();
}

void ScriptTraffic::wait(wire::Any&& message) {
  for (auto older = waiting_.rbegin(); older != waiting_.rend() && !startsAnew(*older); ++older) {
    if (!replaces(message, *older)) continue;
    *older = std::move(message);
    return;
  }
  const bool event = passes(message);
  if (event ? events_ >= mostEvents : waiting_.size() - events_ >= mostOthers) {
    ++dropped_;
    return;
  }
  if (event) ++events_;
  waiting_.push_back(std::move(message));
}

void ScriptTraffic::flush() {
  events_ = 0;
  for (wire::Any& message : std::exchange(waiting_, {}))
    handlers_.hub(std::move(message));
}

void ScriptTraffic::finish() {
  later_.stop();
  flush();
  if (dropped_ > 0) handlers_.dropped(std::exchange(dropped_, 0));
  if (suppressed_ > 0) handlers_.suppressed(std::exchange(suppressed_, 0));
}

void ScriptTraffic::look() {
  while (!waiting_.empty() && publishes_.take(loop_.nowMs())) {
    wire::Any message = std::move(waiting_.front());
    waiting_.pop_front();
    if (passes(message)) --events_;
    handlers_.hub(std::move(message));
  }
  if (dropped_ > 0 && waiting_.size() < mostEvents / 2) handlers_.dropped(std::exchange(dropped_, 0));
  // Once for all lines of a second, so that telling is no flood of its own.
  const bool tell = suppressed_ > 0 && loop_.nowMs() >= suppressedAtMs_ + tellAfterMs;
  if (tell && lines_.take(loop_.nowMs())) handlers_.suppressed(std::exchange(suppressed_, 0));
  wakeUp();
}

void ScriptTraffic::wakeUp() {
  std::uint64_t waitMs = UINT64_MAX;
  if (!waiting_.empty() || dropped_ > 0) waitMs = publishes_.waitMs(loop_.nowMs());
  if (suppressed_ > 0) waitMs = std::min(waitMs, tellAfterMs);
  if (waitMs == UINT64_MAX) return;
  waitMs = std::max<std::uint64_t>(waitMs, 10);
  if (later_.active() && laterAtMs_ <= loop_.nowMs() + waitMs) return;
  laterAtMs_ = loop_.nowMs() + waitMs;
  later_.start(Milliseconds(static_cast<std::int64_t>(waitMs)));
}

}  // namespace deskd
