// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "daemon/deskd/child_process.h"
#include "daemon/wire/channel.h"
#include "hal/base/loop.h"

namespace deskd {

// The supervisor's side of the zygote: starts it, asks it for hosts, and starts another when it dies.
// Requests that were under way then are asked again.
class Zygote {
 public:
  // pid 0: there is no host; `error` says why.
  using Forked = std::function<void(int pid, int error)>;

  Zygote(Loop& loop, Reaper& reaper);

  // A new host with `socket` as its end of the wire. Returns a number for cancel().
  std::uint32_t fork(UniqueFd socket, Forked forked);
  // A host that comes all the same is killed.
  void cancel(std::uint32_t token);
  int pid() const { return child_ ? child_->pid() : 0; }

 private:
  struct Request {
    UniqueFd socket;
    Forked forked;
  };

  void start();
  void ask(std::uint32_t token);
  void receive(const wire::Any& message);
  void ended(int status);

  Loop& loop_;
  Reaper& reaper_;
  std::map<std::uint32_t, Request> requests_;
  std::uint32_t lastToken_ = 0;
  int quickDeaths_ = 0;
  std::uint64_t startedMs_ = 0;
  std::unique_ptr<wire::Channel> channel_;
  std::unique_ptr<ChildProcess> child_;
  Timer restart_;
};

}  // namespace deskd
