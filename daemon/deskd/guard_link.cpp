// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/guard_link.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "hal/base/log.h"

namespace deskd {
namespace {

// Scripts are not held up for longer by a guard that does not come.
constexpr Milliseconds longestWait(2000);
constexpr std::uint64_t quickMs = 2000;
constexpr int longestPauseMs = 10000;

}  // namespace

GuardLink::GuardLink(Loop& loop, Reaper& reaper)
    : loop_(loop),
      reaper_(reaper),
      restart_(loop, [this] { launch(); }),
      giveUp_(loop, [this] { finish(); }),
      heartbeat_(loop, [this] { channel_->post(wire::Heartbeat{}); }) {}

void GuardLink::start(Options options, std::function<void()> ready) {
  options_ = std::move(options);
  ready_ = std::move(ready);
  giveUp_.start(longestWait);
  launch();
}

void GuardLink::launch() {
  greeted_ = false;
  startedMs_ = loop_.nowMs();
  try {
    auto [mine, theirs] = wire::socketPair();
    channel_ = std::make_unique<wire::Channel>(
        loop_, std::move(mine),
        wire::Channel::Handlers{[this](wire::Any&& message) { receive(std::move(message)); },
                                [](const std::string&) {}});
    std::vector<std::string> arguments{"--supervisor", "3", "--outputs", options_.outputsPath};
    if (!options_.boardPath.empty()) arguments.insert(arguments.end(), {"--board", options_.boardPath});
    child_ = std::make_unique<ChildProcess>(
        reaper_, programPath("deskd-guard"), arguments, theirs, [this](int status) { ended(status); },
        ChildProcess::WithoutParent::goesOn);
  } catch (const std::exception& error) {
    log(Priority::error, std::string(error.what()) + ": no script can move anything");
    ++quickDeaths_;
    releaseEnded();  // nobody holds anything of theirs
    restart_.start(Milliseconds(longestPauseMs));
    return;
  }
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
    if (!greeted_) greeted();
    const Milliseconds period(std::max<std::uint32_t>(1, driving->leaseMs / 4));
    if (driving->leaseMs == 0)
      heartbeat_.stop();
    else
      heartbeat_.start(period, period);
  }
}

// Whatever an earlier guard had on is safe now, and the descriptors that it held are closed.
void GuardLink::greeted() {
  greeted_ = true;
  giveUp_.stop();
  releaseEnded();
  if (const auto ready = std::exchange(ready_, nullptr)) ready();
}

void GuardLink::releaseEnded() {
  std::vector<std::uint64_t> over;
  for (const auto& [number, process] : processes_)
    if (process.released) over.push_back(number);
  for (const std::uint64_t number : over)
    release(number);
}

void GuardLink::ended(int status) {
  heartbeat_.stop();
  if (stopped_) return finish();
  const bool quick = loop_.nowMs() - startedMs_ < quickMs;
  quickDeaths_ = quick ? quickDeaths_ + 1 : 0;
  // At once: what was on is on until the next guard has taken over.
  const int pauseMs = quickDeaths_ <= 2 ? 0 : std::min(longestPauseMs, 50 << std::min(quickDeaths_, 8));
  log(Priority::error, "deskd-guard " + Reaper::describe(status) + ", starting another" +
                           (pauseMs > 0 ? " in " + std::to_string(pauseMs) + " ms" : ""));
  if (pauseMs == 0) return launch();
  restart_.start(Milliseconds(pauseMs));
}

void GuardLink::attach(std::uint64_t process, const std::string& script, Connect connect) {
  processes_[process] = {script, std::move(connect), nullptr};
  if (pid() != 0 && channel_) introduce(process);
}

void GuardLink::introduce(std::uint64_t number) {
  const Process& process = processes_.at(number);
  auto [guards, hosts] = wire::socketPair();
  channel_->post(wire::Attach{number, process.script}, guards.get());
  process.connect(std::move(hosts));
}

void GuardLink::detach(std::uint64_t process, std::function<void()> released) {
  const auto found = processes_.find(process);
  if (found == processes_.end() || pid() == 0 || !channel_) {
    processes_.erase(process);
    released();
    return;
  }
  found->second.released = std::move(released);
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
  released();
}

void GuardLink::settled(const std::string& script) {
  if (channel_) channel_->post(wire::Settled{script});
}

void GuardLink::stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  restart_.stop();
  heartbeat_.stop();
  if (pid() == 0) return finish();
  giveUp_.start(longestWait);
  channel_.reset();  // which it takes for our end
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
