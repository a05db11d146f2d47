// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace deskd {
namespace {

// Compiling and linking takes milliseconds; on a busy board with a slow card perhaps seconds.
constexpr Milliseconds longestLoad(30000);
// After its unload timeout a host still has to close what it holds.
constexpr Milliseconds grace(500);
// Failure known, handlers run: the process goes by itself within 150 ms.
constexpr Milliseconds longestFailing(400);

}  // namespace

ScriptProcess::ScriptProcess(Loop& loop, Reaper& reaper, Zygote& zygote, GuardLink& guard, std::uint64_t id,
                             wire::Load load, Handlers handlers)
    : loop_(loop),
      reaper_(reaper),
      zygote_(zygote),
      guard_(guard),
      id_(id),
      load_(std::move(load)),
      handlers_(std::move(handlers)),
      deadline_(loop, [this] { overdue(); }) {
  auto [mine, theirs] = wire::socketPair();
  channel_ = std::make_unique<wire::Channel>(
      loop, std::move(mine),
      wire::Channel::Handlers{[this](wire::Any&& message) { receive(std::move(message)); },
                              [this](const std::string& reason) {
                                if (reason.empty() || pid_ == 0) return;  // the exit status says the rest
                                killedFor_ = "sent a message that makes no sense (" + reason + ")";
                                ::kill(pid_, SIGKILL);
                              }});
  token_ = zygote.fork(std::move(theirs), [this](int pid, int error) { forked(pid, error); });
}

ScriptProcess::~ScriptProcess() {
  zygote_.cancel(token_);
  guard_.forget(id_);
  if (pid_ == 0) return;
  reaper_.forget(pid_);
  ::kill(pid_, SIGKILL);
}

void ScriptProcess::forked(int pid, int error) {
  if (pid == 0) {
    failure_ =
        wire::Failed{"process", std::string("cannot start a process: ") + std::strerror(error), "", "", 0, 0};
    exited(0);
    return;
  }
  pid_ = pid;
  reaper_.watch(pid, [this](int status) { exited(status); });
  load_.supervisorPid = ::getpid();
  channel_->post(load_);
  guard_.attach(id_, load_.name, load_.lines,
                [this](const UniqueFd& socket) { channel_->post(wire::GuardSocket{}, socket.get()); });
  if (unloading_)
    unload(Milliseconds(0));
  else
    deadline_.start(longestLoad);
}

void ScriptProcess::run() {
  deadline_.stop();
  channel_->post(wire::Run{});
}

void ScriptProcess::unload(Milliseconds timeout) {
  unloading_ = true;
  if (pid_ == 0) return;  // forked() asks again
  channel_->post(wire::Unload{static_cast<std::uint32_t>(timeout.count())});
  deadline_.start(timeout + grace);
}

bool ScriptProcess::post(const wire::Any& message) {
  return channel_->post(message);
}

void ScriptProcess::receive(wire::Any&& message) {
  if (std::holds_alternative<wire::Loaded>(message)) {
    handlers_.loaded();
  } else if (std::holds_alternative<wire::Running>(message)) {
    handlers_.running();
  } else if (auto* failed = std::get_if<wire::Failed>(&message)) {
    keepFailure(std::move(*failed));
  } else if (!std::holds_alternative<wire::Unloaded>(message)) {
    handlers_.message(std::move(message));
  }
}

// A host may report twice: first what, then, if it can still find out, where.
void ScriptProcess::keepFailure(wire::Failed failure) {
  const bool first = !failure_;
  if (first || failure_->stack.empty()) failure_ = std::move(failure);
  if (!first) return;
  if (!unloading_) deadline_.start(longestFailing);
}

void ScriptProcess::overdue() {
  if (!unloading_ && !failure_) killedFor_ = "took too long to load";
  if (unloading_) killedFor_ = "did not unload in time";
  if (pid_ != 0) ::kill(pid_, SIGKILL);
}

void ScriptProcess::exited(int status) {
  pid_ = 0;
  deadline_.stop();
  // Last words may still wait in the socket.
  if (!failure_) channel_->drain();
  if (!failure_ && !killedFor_.empty())
    failure_ = wire::Failed{"process", killedFor_ + ", " + Reaper::describe(status), "", "", 0, 0};
  const bool inOrder = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!failure_ && !(unloading_ && inOrder))
    failure_ = wire::Failed{"process", "process " + Reaper::describe(status), "", "", 0, 0};
  // What the guard still holds of it, a serial port's descriptor perhaps, would be in the next version's way.
  guard_.detach(id_, [this] {
    const auto ended = handlers_.ended;  // may destroy us
    ended(std::move(failure_));
  });
}

}  // namespace deskd
