// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bindings/guard_port.h"
#include "daemon/wire/channel.h"
#include "hal/base/loop.h"

namespace deskd {

// A script's process towards deskd-guard. Without a socket requests wait, as after the guard has died:
// everything is declared again to the next one, and what was on is off.
class GuardClient final : public GuardPort {
 public:
  explicit GuardClient(Loop& loop);

  // The first socket, or that to another guard.
  void connect(UniqueFd socket);
  // The guard drives safe what is still on.
  void disconnect() { channel_.reset(); }

  bool available() const override { return true; }
  Output declare(MotionOutputOptions options, Ended ended, Done done) override;
  Output declare(FailsafeOptions options, Ended ended, Done done) override;
  void interlock(std::vector<Output> outputs, std::uint32_t deadTimeMs, Done done) override;
  void drive(Output output, bool on, std::uint32_t leaseMs, std::uint32_t pulseMs, Done done) override;
  void renew(Output output) override;
  void forget(Output output) override;
  void reopened(Output output) override;

 private:
  struct Declared {
    std::variant<MotionOutputOptions, FailsafeOptions> options;
    Ended ended;
    bool on = false;
    bool renewedHere = false;  // no lease was declared: that our loop turns is what renews it
  };
  struct Group {
    std::vector<Output> outputs;
    std::uint32_t deadTimeMs;
  };

  void receive(const wire::Any& message);
  void lost();
  void declareTo(Output output, std::uint32_t request);
  void declareAgain(Output output);
  void refuseLater(std::uint32_t request, Outcome outcome);
  void catchUp();
  void ended(Output output, const std::string& reason);
  std::uint32_t remember(Done done);
  void send(const wire::Any& message, std::uint32_t request, int descriptor = -1);
  void settle(std::uint32_t request, const Outcome& outcome);
  void updateRenewal();

  Loop& loop_;
  std::map<Output, Declared> outputs_;
  std::vector<Group> groups_;
  std::map<std::uint32_t, Done> requests_;
  std::uint32_t lastRequest_ = 0;
  Output lastOutput_ = 0;
  Timer renewal_;
  std::vector<std::pair<std::uint32_t, Outcome>> refused_;  // to be told
  Timer later_;                                             // lets go of a channel outside its own callback
  std::vector<std::unique_ptr<wire::Channel>> ended_;
  std::unique_ptr<wire::Channel> channel_;
  std::uint64_t connection_ = 0;
};

// For a script in the foreground: it may move nothing.
class NoGuard final : public GuardPort {
 public:
  bool available() const override { return false; }
  Output declare(MotionOutputOptions options, Ended ended, Done done) override;
  Output declare(FailsafeOptions options, Ended ended, Done done) override;
  void interlock(std::vector<Output>, std::uint32_t, Done done) override { refuse(done); }
  void drive(Output, bool, std::uint32_t, std::uint32_t, Done done) override { refuse(done); }
  void renew(Output) override {}
  void forget(Output) override {}
  void reopened(Output) override {}

 private:
  static void refuse(const Done& done);
};

}  // namespace deskd
