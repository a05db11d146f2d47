// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script.h"

#include <chrono>
#include <exception>
#include <utility>

namespace deskd {
namespace {

std::uint64_t wallClockUs() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

// "TypeError: x is no function (/etc/deskd/scripts/desk.js:12:5)"
std::string withPlace(const wire::Failed& failure) {
  if (failure.file.empty()) return failure.message;
  std::string text = failure.message + " (" + failure.file;
  if (failure.line > 0) text += ":" + std::to_string(failure.line) + ":" + std::to_string(failure.column);
  return text + ")";
}

}  // namespace

Script::Script(std::string name, Context context)
    : name_(std::move(name)),
      context_(std::move(context)),
      sinceUs_(wallClockUs()),
      retry_(context_.loop,
             [this] {
               ++restarts_;
               start();
             }),
      healthy_(context_.loop, [this] { context_.ledger.endedWell(name_); }) {}

void Script::start(StartReason reason) {
  retry_.stop();
  if (stopping_) return;
  if (reason == StartReason::again && kept_) return;
  held_.reset();
  kept_ = false;
  if (context_.ledger.disabled(name_)) return setState(ScriptState::disabled);
  if (reason != StartReason::again) {
    forgetError_ = true;
    context_.ledger.release(name_);
    if (state_ == ScriptState::quarantined) policy_.reset();
  } else if (const auto why = context_.ledger.quarantine(name_)) {
    return quarantine(*why);
  }
  dropCandidate();  // an older version that nobody needs any more
  candidateReady_ = false;
  candidateFailure_.reset();
  wire::Load load;
  const std::uint64_t process = context_.nextProcessId();
  try {
    load = context_.load(process);
  } catch (const std::exception& error) {
    const wire::Failed failure{"settings", error.what(), "", "", 0, 0};
    context_.processEnded(process, false);
    if (current_) return candidateFailed(failure);
    // Waiting does not mend a file; a change of it comes back here.
    report(failure, "not started");
    return setState(ScriptState::stopped);
  }
  try {
    candidate_ =
        std::make_unique<ScriptProcess>(context_.loop, context_.reaper, context_.zygote, context_.guard,
                                        process, std::move(load), handlersFor(process));
  } catch (const std::exception& error) {  // no descriptors left, perhaps
    context_.processEnded(process, false);
    return candidateFailed({"process", error.what(), "", "", 0, 0});
  }
  if (!current_) setState(ScriptState::starting);
}

ScriptProcess::Handlers Script::handlersFor(std::uint64_t process) {
  const auto isCurrent = [this, process] { return current_ && current_->id() == process; };
  return {[this, isCurrent] {
            if (!isCurrent()) candidateLoaded();
          },
          [this] {
            policy_.started(context_.loop.nowMs());
            healthy_.start(Milliseconds(RestartPolicy::healthyMs));
            if (std::exchange(forgetError_, false)) setError("");
            setState(ScriptState::running);
          },
          [this, process](wire::Any&& message) { context_.message(*this, process, std::move(message)); },
          [this, isCurrent](std::optional<wire::Failed> failure) {
            if (isCurrent())
              currentEnded(std::move(failure));
            else
              candidateEnded(std::move(failure));
          }};
}

void Script::candidateLoaded() {
  candidateReady_ = true;
  if (!current_) return promote();
  if (!current_->unloading()) current_->unload(unloadTimeout);
}

void Script::dropCandidate() {
  if (!candidate_) return;
  const std::uint64_t process = candidate_->id();
  candidate_.reset();
  context_.processEnded(process, false);
}

void Script::promote() {
  current_ = std::move(candidate_);
  candidateReady_ = false;
  setState(ScriptState::starting);
  context_.ledger.begin({name_});
  current_->run();
}

void Script::candidateEnded(std::optional<wire::Failed> failure) {
  // Deleted after this call, from which it comes.
  const std::shared_ptr<ScriptProcess> ended(candidate_.release());
  candidateReady_ = false;
  context_.processEnded(ended->id(), false);
  if (stopping_) return finishStop();
  candidateFailed(failure.value_or(wire::Failed{"process", "process ended", "", "", 0, 0}));
}

void Script::candidateFailed(const wire::Failed& failure) {
  if (!current_) return retryLater(failure);
  if (!current_->unloading()) return report(failure, "the running version goes on");
  candidateFailure_ = failure;  // the running version is leaving: currentEnded() goes on from here
}

void Script::currentEnded(std::optional<wire::Failed> failure) {
  const std::shared_ptr<ScriptProcess> ended(current_.release());
  const bool wasUnloading = ended->unloading();
  context_.processEnded(ended->id(), stopping_ && gone_);
  if (failure && wasUnloading) report(*failure, "while unloading");
  healthy_.stop();
  if (stopping_) return finishStop();
  if (held_) return finishHold();
  if (candidate_) {
    if (candidateReady_) promote();
    return;
  }
  if (candidateFailure_) return retryLater(*std::exchange(candidateFailure_, std::nullopt));
  retryLater(failure.value_or(wire::Failed{"process", "process ended", "", "", 0, 0}));
}

void Script::retryLater(const wire::Failed& failure) {
  if (context_.ledger.failed(name_, failure.message)) {
    report(failure, std::to_string(ScriptLedger::mostFailures) + " failures in " +
                        std::to_string(ScriptLedger::windowSeconds / 60) + " minutes");
    return quarantine(failure.message);
  }
  const Milliseconds wait = policy_.failed(context_.loop.nowMs(), context_.random());
  report(failure, "starting it again in " + std::to_string(wait.count() / 1000) + "." +
                      std::to_string(wait.count() % 1000 / 100) + " s");
  retry_.start(wait);
  setState(ScriptState::waiting);
}

void Script::report(const wire::Failed& failure, const std::string& consequence) {
  std::string text = failure.message;
  if (failure.stack.empty() && !failure.file.empty()) {
    text += "\n    at " + failure.file;
    if (failure.line > 0) text += ":" + std::to_string(failure.line) + ":" + std::to_string(failure.column);
  }
  for (std::size_t start = 0; start < failure.stack.size();) {
    const std::size_t end = std::min(failure.stack.find('\n', start), failure.stack.size());
    text += "\n    " + failure.stack.substr(start, end - start);
    start = end + 1;
  }
  text += "\n    " + consequence;
  LogRecord record{Priority::error, std::move(text), {{"SCRIPT", name_}, {"FAILURE", failure.kind}}};
  if (!failure.file.empty()) {
    record.fields.emplace_back("CODE_FILE", failure.file);
    record.fields.emplace_back("CODE_LINE", std::to_string(failure.line));
  }
  log(std::move(record));
  forgetError_ = false;
  setError(withPlace(failure));
}

void Script::setError(std::string text) {
  if (std::exchange(lastError_, text) != text) context_.errorChanged(*this);
}

void Script::stop(bool gone, std::function<void()> stopped) {
  gone_ = gone;
  stopped_ = std::move(stopped);
  stopping_ = true;
  retry_.stop();
  setState(ScriptState::stopping);
  dropCandidate();
  if (!current_) return finishStop();
  if (!current_->unloading()) current_->unload(unloadTimeout);
}

void Script::quarantine(const std::string& why) {
  if (lastError_.empty()) setError(why);
  log({Priority::error,
       "in quarantine: not started again until its file changes, or by \"deskctl start " + name_ + "\"",
       {{"SCRIPT", name_}}});
  setState(ScriptState::quarantined);
}

void Script::hold(ScriptState as, const std::string& why) {
  retry_.stop();
  if (stopping_) return;
  log({Priority::info, why, {{"SCRIPT", name_}}});
  held_ = as;
  kept_ = true;
  dropCandidate();
  if (!current_) return finishHold();
  setState(ScriptState::stopping);
  if (!current_->unloading()) current_->unload(unloadTimeout);
}

void Script::finishHold() {
  context_.ledger.endedWell(name_);
  setState(*std::exchange(held_, std::nullopt));
}

void Script::finishStop() {
  if (current_ || candidate_) return;
  context_.ledger.endedWell(name_);
  if (gone_) context_.ledger.forget(name_);
  setState(ScriptState::stopped);
  if (const auto tell = std::exchange(stopped_, nullptr)) tell();  // may destroy us
}

bool Script::post(std::uint64_t process, const wire::Any& message) {
  if (current_ && current_->id() == process) return current_->post(message);
  if (candidate_ && candidate_->id() == process) return candidate_->post(message);
  return false;
}

void Script::broadcast(const wire::Any& message) {
  if (current_) current_->post(message);
  if (candidate_) candidate_->post(message);
}

void Script::setState(ScriptState state) {
  if (state_ == state) return;
  state_ = state;
  sinceUs_ = wallClockUs();
  context_.stateChanged(*this);
}

const char* nameOf(ScriptState state) {
  switch (state) {
    case ScriptState::stopped:
      return "stopped";
    case ScriptState::starting:
      return "starting";
    case ScriptState::running:
      return "running";
    case ScriptState::waiting:
      return "waiting";
    case ScriptState::stopping:
      return "stopping";
    case ScriptState::quarantined:
      return "quarantined";
    case ScriptState::disabled:
      return "disabled";
  }
  return "unknown";
}

LogRecord aboutScript(const std::string& script, Priority priority, std::string text) {
  return {priority, std::move(text), {{"SCRIPT", script}}};
}

}  // namespace deskd
