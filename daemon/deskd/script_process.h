// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/deskd/guard_link.h"
#include "daemon/deskd/reaper.h"
#include "daemon/deskd/zygote.h"
#include "daemon/wire/channel.h"
#include "hal/base/loop.h"

namespace deskd {

// One host process with one version of one script, from the fork to the exit status.
class ScriptProcess {
 public:
  struct Handlers {
    std::function<void()> loaded;              // it compiles and all its imports are there
    std::function<void()> running;             // its top level has finished
    std::function<void(wire::Any&&)> message;  // everything but loaded, running, failed and unloaded
    // The process is gone, and nothing that it drove is on any more. `failure` is empty after an unload that
    // was asked for.
    std::function<void(std::optional<wire::Failed> failure)> ended;
  };

  // `id` names the process to the router and the hub.
  ScriptProcess(Loop& loop, Reaper& reaper, Zygote& zygote, GuardLink& guard, std::uint64_t id,
                wire::Load load, Handlers handlers);
  // Kills the process if it is there; nobody is told.
  ~ScriptProcess();
  ScriptProcess(const ScriptProcess&) = delete;
  ScriptProcess& operator=(const ScriptProcess&) = delete;

  std::uint64_t id() const { return id_; }
  int pid() const { return pid_; }
  void run();
  // Ends it in order; by force if it has not gone `timeout` and a moment later.
  void unload(Milliseconds timeout);
  bool unloading() const { return unloading_; }
  // False: the host does not keep up and the message was dropped.
  bool post(const wire::Any& message);
  std::uint64_t dropped() const { return channel_ ? channel_->dropped() : 0; }

 private:
  void forked(int pid, int error);
  void receive(wire::Any&& message);
  void keepFailure(wire::Failed failure);
  void exited(int status);
  void overdue();

  Loop& loop_;
  Reaper& reaper_;
  Zygote& zygote_;
  GuardLink& guard_;
  const std::uint64_t id_;
  wire::Load load_;
  Handlers handlers_;
  std::uint32_t token_ = 0;
  int pid_ = 0;
  bool unloading_ = false;
  std::string killedFor_;  // why we killed it ourselves
  std::optional<wire::Failed> failure_;
  std::unique_ptr<wire::Channel> channel_;
  Timer deadline_;
};

}  // namespace deskd
