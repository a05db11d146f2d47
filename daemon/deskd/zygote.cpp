// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/zygote.h"

#include <signal.h>

#include <algorithm>
#include <exception>

#include "hal/base/log.h"

namespace deskd {

namespace {

// A zygote that dies sooner than this after its start did not work at all.
constexpr std::uint64_t quickMs = 5000;
constexpr int longestPauseMs = 30000;

}  // namespace

Zygote::Zygote(Loop& loop, Reaper& reaper)
    : loop_(loop), reaper_(reaper), restart_(loop, [this] { start(); }) {
  start();
}

void Zygote::start() {
  startedMs_ = loop_.nowMs();
  try {
    auto [mine, theirs] = wire::socketPair();
    channel_ = std::make_unique<wire::Channel>(
        loop_, std::move(mine),
        wire::Channel::Handlers{[this](wire::Any&& message) { receive(message); },
                                [](const std::string&) {}});
    child_ = std::make_unique<ChildProcess>(reaper_, programPath("deskd-host"),
                                            std::vector<std::string>{"--zygote", "3"}, theirs,
                                            [this](int status) { ended(status); });
  } catch (const std::exception& error) {
    log(Priority::error, std::string(error.what()) + ": no script can run");
    ++quickDeaths_;
    restart_.start(Milliseconds(longestPauseMs));
    return;
  }
  for (const auto& [token, request] : requests_)
    ask(token);
}

std::uint32_t Zygote::fork(UniqueFd socket, Forked forked) {
  const std::uint32_t token = ++lastToken_;
  requests_[token] = {std::move(socket), std::move(forked)};
  if (child_ && child_->pid() != 0) ask(token);
  return token;
}

void Zygote::cancel(std::uint32_t token) {
  requests_.erase(token);
}

void Zygote::ask(std::uint32_t token) {
  channel_->post(wire::Fork{token}, requests_.at(token).socket.get());
}

void Zygote::receive(const wire::Any& message) {
  const auto* answer = std::get_if<wire::Forked>(&message);
  if (answer == nullptr) return;
  const auto found = requests_.find(answer->token);
  if (found == requests_.end()) {
    if (answer->pid > 0) ::kill(answer->pid, SIGKILL);
    return;
  }
  quickDeaths_ = 0;
  const Forked forked = std::move(found->second.forked);
  requests_.erase(found);  // closes our copy of the host's end
  forked(answer->pid, answer->error);
}

void Zygote::ended(int status) {
  const bool quick = loop_.nowMs() - startedMs_ < quickMs;
  quickDeaths_ = quick ? quickDeaths_ + 1 : 0;
  const int pauseMs = quickDeaths_ <= 1 ? 0 : std::min(longestPauseMs, 100 << std::min(quickDeaths_, 10));
  log(Priority::error, "zygote " + Reaper::describe(status) + ", starting another" +
                           (pauseMs > 0 ? " in " + std::to_string(pauseMs) + " ms" : "") +
                           "; running scripts go on");
  child_.reset();
  restart_.start(Milliseconds(pauseMs));
}

}  // namespace deskd
