// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/guard_link.h"

#include <signal.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "hal/base/log.h"

namespace deskd {
namespace {

// A guard that dies sooner than this after its start did not work at all.
constexpr std::uint64_t quickMs = 2000;
// A guard that is at work answers at once; one that has been swapped out gets the time for that.
constexpr Milliseconds shortestAnswer(250);
constexpr Milliseconds lastChance(50);
constexpr int mostQuickDeaths = 2;
constexpr int mostFailedStarts = 5;

// None for the first `most` failures in a row.
Milliseconds pauseAfter(int failures, int most, Milliseconds longest) {
  return failures <= most ? Milliseconds(0) : std::min(longest, Milliseconds(50 << std::min(failures, 8)));
}

}  // namespace

GuardLink::GuardLink(Loop& loop, Reaper& reaper)
    : loop_(loop),
      reaper_(reaper),
      restart_(loop,
               [this] {
                 if (alone_)
                   introduceAll();
                 else
                   launch();
               }),
      giveUp_(loop, [this] { finish(); }),
      silence_(loop, [this] { silent(); }),
      heartbeat_(loop, [this] { beat(); }),
      unanswered_(loop, [this] { missed(); }),
      spare_(loop, reaper) {}

void GuardLink::start(Options options, std::function<void()> ready) {
  options_ = std::move(options);
  ready_ = std::move(ready);
  giveUp_.start(options_.longestWait);
  launch();
}

GuardCommand GuardLink::command() const {
  GuardCommand command{options_.program, {"--outputs", options_.outputsPath}};
  if (!options_.boardPath.empty())
    command.arguments.insert(command.arguments.end(), {"--board", options_.boardPath});
  return command;
}

void GuardLink::launch() {
  startedMs_ = loop_.nowMs();
  const GuardProcess::Handlers handlers{[this](wire::Any&& message) { receive(std::move(message)); },
                                        [this](int status) { ended(status); }};
  auto [spare, waited] = spare_.activate(handlers);
  guard_ = std::move(spare);
  try {
    if (!guard_)
      guard_ = std::make_unique<GuardProcess>(loop_, reaper_, command(), GuardProcess::Role::guard, handlers);
  } catch (const std::exception& error) {
    if (error.what() != std::exchange(trouble_, error.what()))
      log(Priority::error, trouble_ + ": no script can move anything, trying again every " +
                               std::to_string(options_.longestPause.count()) + " ms");
    ++failedStarts_;
    alone_ = false;
    restart_.start(options_.longestPause);
    releaseEnded();  // nobody holds anything of theirs
    return;
  }
  // One that waited has nothing left to start.
  silence_.start(waited ? options_.longestWait : options_.longestStart);
  if (!alone_) introduceAll();
}

void GuardLink::introduceAll() {
  alone_ = false;
  for (const auto& [number, process] : processes_)
    if (!process.released) introduce(number);
}

void GuardLink::receive(wire::Any&& message) {
  if (auto* line = std::get_if<wire::Log>(&message)) {
    log(static_cast<Priority>(std::clamp<int>(line->priority, 3, 7)), std::move(line->text),
        std::move(line->fields));
  } else if (const auto* gone = std::get_if<wire::Detached>(&message)) {
    release(gone->process);
  } else if (const auto* driving = std::get_if<wire::Driving>(&message)) {
    if (!working_) greeted();
    const Milliseconds period(std::max<std::uint32_t>(1, driving->leaseMs / 4));
    answerWithin_ = std::max(Milliseconds(driving->leaseMs), shortestAnswer);
    if (driving->leaseMs == 0)
      stopHeartbeat();
    else
      heartbeat_.start(period, period);
  } else if (std::holds_alternative<wire::Heartbeat>(message)) {
    unanswered_.stop();
    waiting_ = Waiting::no;
  }
}

// Whatever an earlier guard had on is safe now, and the descriptors that it held are closed.
void GuardLink::greeted() {
  giveUp_.stop();
  silence_.stop();
  if (!std::exchange(trouble_, "").empty()) log(Priority::notice, "deskd-guard works again");
  setWorking(true);
  releaseEnded();
  if (const auto ready = std::exchange(ready_, nullptr)) ready();
  spare_.keep(command(), options_.longestPause);  // there is time for it now
}

void GuardLink::setWorking(bool working) {
  if (std::exchange(working_, working) != working) options_.changed();
}

void GuardLink::beat() {
  guard_->post(wire::Heartbeat{});
  if (waiting_ != Waiting::no) return;
  waiting_ = Waiting::forAnswer;
  unanswered_.start(answerWithin_);
}

// What is on stays on with a guard that hangs: another has to take over. But its answer may be here already,
// where this loop was the one that was late.
void GuardLink::missed() {
  if (std::exchange(waiting_, Waiting::onceMore) == Waiting::forAnswer) return unanswered_.start(lastChance);
  silent();
}

void GuardLink::stopHeartbeat() {
  heartbeat_.stop();
  unanswered_.stop();
  waiting_ = Waiting::no;
}

// Something may be on longer than it should, and it could not be told: the next guard makes it safe.
void GuardLink::silent() {
  log(Priority::error, "deskd-guard does not answer, killing it");
  guard_->signal(SIGKILL);
  releaseEnded();
}

void GuardLink::releaseEnded() {
  std::vector<std::uint64_t> over;
  for (const auto& [number, process] : processes_)
    if (process.released) over.push_back(number);
  for (const std::uint64_t number : over)
    release(number);
}

void GuardLink::ended(int status) {
  stopHeartbeat();
  silence_.stop();
  if (stopped_) return finish();
  failedStarts_ = working_ ? 0 : failedStarts_ + 1;
  setWorking(false);
  const bool quick = loop_.nowMs() - startedMs_ < quickMs;
  quickDeaths_ = quick ? quickDeaths_ + 1 : 0;
  // What was on is on until the next guard has taken over, so that one is not waited for unless none comes so
  // far. But whatever kills one after the other may be what a script asks for.
  const Milliseconds pause = pauseAfter(failedStarts_, mostFailedStarts, options_.longestPause);
  const Milliseconds alonePause = pauseAfter(quickDeaths_, mostQuickDeaths, options_.longestPause);
  alone_ = pause.count() == 0 && alonePause.count() > 0;
  std::string next = ", starting another";
  if (pause.count() > 0) next += " in " + std::to_string(pause.count()) + " ms";
  if (alone_) next += ", for scripts in " + std::to_string(alonePause.count()) + " ms";
  log(Priority::error, "deskd-guard " + Reaper::describe(status) + next);
  trouble_ = Reaper::describe(status);
  if (alone_) restart_.start(alonePause);
  if (pause.count() == 0) return launch();
  restart_.start(pause);
  releaseEnded();  // nobody holds anything of theirs, and nobody will for a while
}

void GuardLink::attach(std::uint64_t process, const std::string& script, std::vector<std::string> lines,
                       Connect connect) {
  processes_[process] = {script, std::move(lines), std::move(connect), nullptr};
  if (guard_ && guard_->listens() && !alone_) introduce(process);
}

void GuardLink::introduce(std::uint64_t number) {
  const Process& process = processes_.at(number);
  try {
    auto [guards, hosts] = wire::socketPair();
    guard_->post(wire::Attach{number, process.script, process.lines}, guards.get());
    process.connect(std::move(hosts));
  } catch (const std::exception& error) {  // no descriptors left, perhaps
    log({Priority::error, std::string(error.what()) + ": it can move nothing", {{"SCRIPT", process.script}}});
  }
}

void GuardLink::detach(std::uint64_t process, std::function<void()> released) {
  const auto found = processes_.find(process);
  const bool unknown = !guard_ || !guard_->listens() || (alone_ && working_);  // to the guard
  if (found == processes_.end() || unknown) {
    processes_.erase(process);
    released();
    return;
  }
  found->second.released = std::move(released);
  if (working_) silence_.start(options_.longestWait);
}

void GuardLink::forget(std::uint64_t process) {
  processes_.erase(process);
}

void GuardLink::release(std::uint64_t process) {
  const auto found = processes_.find(process);
  if (found == processes_.end()) return;
  // A process that the guard sees the end of first is still to be reaped.
  if (!found->second.released) {
    processes_.erase(found);
    return;
  }
  const auto released = std::move(found->second.released);
  processes_.erase(found);
  if (std::none_of(processes_.begin(), processes_.end(),
                   [](const auto& item) { return item.second.released; }))
    silence_.stop();
  released();
}

void GuardLink::settled(const std::string& script) {
  if (guard_) guard_->post(wire::Settled{script});
}

void GuardLink::stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  restart_.stop();
  stopHeartbeat();
  silence_.stop();
  giveUp_.start(options_.longestWait);
  spare_.stop([this] { stopGuard(); });
}

void GuardLink::stopGuard() {
  if (!stopped_) return;  // given up
  if (pid() == 0) return finish();
  guard_->close();  // which it takes for our end
}

void GuardLink::finish() {
  giveUp_.stop();
  if (const auto stopped = std::exchange(stopped_, nullptr)) return stopped();
  if (const auto ready = std::exchange(ready_, nullptr)) {
    log(Priority::error, "deskd-guard does not answer: no script can move anything");
    ready();
  }
}

}  // namespace deskd
