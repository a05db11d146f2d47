// SPDX-License-Identifier: Apache-2.0
#include "bindings/js.h"

#include <time.h>

#include "bindings/cpu_budget.h"
#include "bindings/errors.h"
#include "bindings/turn_watch.h"
#include "bindings/wrapped.h"
#include "hal/base/error.h"

namespace deskd {
namespace {

// A script that fails in every turn has said enough then.
constexpr int mostUnloadFailures = 10;
// Reading how much CPU time is used is a system call; many turns are shorter than that.
constexpr std::int64_t readCpuEveryMs = 50;
// TurnWatch may first sleep to the end of what a turn is allowed ordinarily.
constexpr std::int64_t longestSearchMs = 3000;

std::int64_t milliseconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

}  // namespace

Js::Js(v8::Isolate* isolate, Loop& loop, HostServices& services)
    : isolate_(isolate), loop_(loop), services_(services), pending_(new PendingPromises{this, 1, {}}) {
  isolate->SetData(0, this);
  cpuReadAtMs_ = milliseconds(CLOCK_MONOTONIC);
  if (services.limits.cpuPercent > 0)
    cpu_ = std::make_unique<CpuBudget>(services.limits.cpuPercent, cpuReadAtMs_,
                                       milliseconds(CLOCK_PROCESS_CPUTIME_ID));
}

Js::~Js() = default;

v8::Local<v8::String> Js::string(std::string_view utf8) const {
  v8::Local<v8::String> made;
  if (!v8::String::NewFromUtf8(isolate_, utf8.data(), v8::NewStringType::kNormal,
                               static_cast<int>(utf8.size()))
           .ToLocal(&made))
    throw PendingException{};  // longer than V8's longest string
  return made;
}

v8::Local<v8::String> Js::name(const char* literal) const {
  return v8::String::NewFromUtf8(isolate_, literal, v8::NewStringType::kInternalized).ToLocalChecked();
}

v8::Local<v8::FunctionTemplate> Js::classTemplate(const void* key) const {
  return templates_.at(key).Get(isolate_);
}

void Js::setClassTemplate(const void* key, v8::Local<v8::FunctionTemplate> made) {
  templates_[key].Reset(isolate_, made);
}

void Js::enter(const std::function<void()>& body) {
  if (stopped_ || failed_) return;
  const v8::HandleScope handles(isolate_);
  const v8::Context::Scope scope(context());
  if (depth_ > 0) {  // called by a native function: the turn is already being watched
    body();
    return;
  }
  ++depth_;
  // A request to terminate that came just after the turn it was meant for must not hit this one.
  if (termination_.kind.empty()) isolate_->CancelTerminateExecution();
  beginTurn();
  if (turnWatch_ != nullptr) turnWatch_->begin();
  runTurn(body);
  endTurn();
  if (turnWatch_ != nullptr) turnWatch_->end();
  --depth_;
}

// A script over its CPU budget is to end inside a turn, whose stack says what it is that never rests: from
// here on all are too long, and TurnWatch ends the first that it meets.
void Js::beginTurn() {
  if (!cpu_ || unloading_ || !cpuExceeded_.empty()) return;
  const std::int64_t now = milliseconds(CLOCK_MONOTONIC);
  if (now - cpuReadAtMs_ < readCpuEveryMs) return;
  cpuReadAtMs_ = now;
  const auto exceeded = cpu_->exceeded(now, milliseconds(CLOCK_PROCESS_CPUTIME_ID));
  if (!exceeded) return;
  cpuExceeded_ = *exceeded;
  cpuFailAtMs_ = now + longestSearchMs;
  if (turnWatch_ != nullptr) turnWatch_->setBudget(0);
}

// Turns too short to be met end it as well, without a place.
void Js::endTurn() {
  if (cpuExceeded_.empty() || failed_ || unloading_) return;
  if (milliseconds(CLOCK_MONOTONIC) >= cpuFailAtMs_) fail({"cpu", cpuExceeded_, "", "", 0, 0});
}

void Js::openHandle() {
  const int most = services_.limits.handles;
  if (handles_ >= most && !unloading_)
    throw CodedError("ERR_LIMIT", "handles: expected at most " + std::to_string(most) +
                                      " open at a time (timers, ports, lines, buses, subscriptions), found " +
                                      std::to_string(handles_ + 1) + "; close some, or raise handles in " +
                                      "[limits] of " + services_.script.name + ".toml");
  ++handles_;
}

void Js::runTurn(const std::function<void()>& body) {
  {
    v8::TryCatch caught(isolate_);
    try {
      body();
    } catch (const PendingException&) {  // NOLINT(bugprone-empty-catch): V8 holds it, `caught` has it
    }
    if (failFromTermination()) return;
    if (caught.HasCaught()) {
      fail(describe(*this, "exception", caught.Exception(), caught.Message()));
      if (failed_) return;
    }
  }
  const v8::TryCatch caught(isolate_);
  isolate_->PerformMicrotaskCheckpoint();
  if (failFromTermination()) return;
  failFromRejection();
}

bool Js::failFromTermination() {
  if (termination_.kind.empty()) return false;
  isolate_->CancelTerminateExecution();
  fail(std::exchange(termination_, {}));
  return true;
}

void Js::failFromRejection() {
  if (rejections_.empty()) return;
  for (const auto& unhandled : std::exchange(rejections_, {})) {
    const auto reason = unhandled.reason.Get(isolate_);
    fail(describe(*this, "rejection", reason, v8::Exception::CreateMessage(isolate_, reason)));
    if (failed_) return;
  }
}

void Js::beginUnload() {
  unloading_ = true;
  cpuExceeded_.clear();
  if (turnWatch_ != nullptr) turnWatch_->setBudget(services_.limits.turnMs);
  failed_ = false;
  rejections_.clear();
}

void Js::fail(ScriptError error) {
  if (failed_) return;
  if (unloading_ && ++unloadFailures_ > mostUnloadFailures) return;
  failed_ = !unloading_;
  if (onFailure_) onFailure_(std::move(error));
}

}  // namespace deskd
