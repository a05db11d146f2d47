// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/guard_client.h"

#include <algorithm>
#include <utility>

#include "hal/base/error.h"

namespace deskd {
namespace {

constexpr std::size_t mostRequests = 1000;
// Of outputs that are on for as long as the script's loop turns: a script that hangs leaves them on no
// longer.
constexpr std::uint32_t turningLeaseMs = 1000;

Outcome unavailable() {
  return {"ERR_GUARD", "deskd-guard, which drives what moves, is being started again"};
}

std::uint32_t leaseOf(const MotionOutputOptions& options) {
  return options.leaseMs == 0 ? turningLeaseMs : options.leaseMs;
}

}  // namespace

GuardClient::GuardClient(Loop& loop)
    : loop_(loop),
      renewal_(loop,
               [this] {
                 for (const auto& [output, declared] : outputs_)
                   if (declared.on && declared.renewedHere) renew(output);
               }),
      later_(loop, [this] { catchUp(); }) {
  renewal_.unref();
  later_.unref();
}

void GuardClient::connect(UniqueFd socket) {
  if (channel_) lost();
  // The end of the one before may still be on its way, and is known already.
  const auto number = ++connection_;
  wire::Channel::Handlers handlers;
  handlers.message = [this, number](wire::Any&& message) {
    if (number == connection_) receive(message);
  };
  handlers.closed = [this, number](const std::string&) {
    if (number == connection_) lost();
  };
  channel_ = std::make_unique<wire::Channel>(loop_, std::move(socket), std::move(handlers));
  channel_->unref();
  for (const auto& [output, declared] : outputs_)
    declareAgain(output);
  for (const Group& group : groups_) {
    // Without its interlock nothing of the group may move.
    const auto request = remember([this, outputs = group.outputs](const Outcome& outcome) {
      if (outcome.ok() || !channel_) return;
      for (const Output output : outputs) {
        channel_->post(wire::Forget{output});
        ended(output, "its interlock could not be declared again: " + outcome.message);
      }
    });
    send(wire::Interlock{request, group.outputs, group.deadTimeMs}, request);
  }
}

// The guard has died. What it had on goes off as soon as the next one has started; a serial device is stopped
// from here.
void GuardClient::lost() {
  ended_.push_back(std::move(channel_));
  later_.start(Milliseconds(0));
  for (auto& [output, declared] : outputs_) {
    if (!declared.on) continue;
    declared.on = false;
    if (const auto* port = std::get_if<FailsafeOptions>(&declared.options)) port->stopNow();
  }
  updateRenewal();
  for (const auto& [request, done] : std::exchange(requests_, {}))
    done(unavailable());
  std::vector<Ended> tell;
  for (const auto& [output, declared] : outputs_)
    tell.push_back(declared.ended);
  for (const Ended& one : tell)
    one("guard");
}

void GuardClient::receive(const wire::Any& message) {
  if (const auto* result = std::get_if<wire::Result>(&message)) {
    settle(result->request, {result->code, result->message});
  } else if (const auto* expired = std::get_if<wire::Expired>(&message)) {
    ended(expired->output, expired->reason);
  }
}

void GuardClient::ended(Output output, const std::string& reason) {
  const auto found = outputs_.find(output);
  if (found == outputs_.end()) return;
  found->second.on = false;
  updateRenewal();
  const Ended tell = found->second.ended;
  tell(reason);
}

std::uint32_t GuardClient::remember(Done done) {
  if (requests_.size() >= mostRequests)
    throw CodedError("ERR_QUEUE_FULL",
                     "more is asked of deskd-guard than it answers: wait for earlier calls");
  requests_[++lastRequest_] = std::move(done);
  return lastRequest_;
}

void GuardClient::send(const wire::Any& message, std::uint32_t request, int descriptor) {
  if (channel_ && channel_->post(message, descriptor)) return;
  refuseLater(request, unavailable());
}

// Not from inside the call that asked.
void GuardClient::refuseLater(std::uint32_t request, Outcome outcome) {
  refused_.emplace_back(request, std::move(outcome));
  later_.start(Milliseconds(0));
}

void GuardClient::catchUp() {
  ended_.clear();
  for (const auto& [request, outcome] : std::exchange(refused_, {}))
    settle(request, outcome);
}

void GuardClient::settle(std::uint32_t request, const Outcome& outcome) {
  const auto found = requests_.find(request);
  if (found == requests_.end()) return;
  const Done done = std::move(found->second);
  requests_.erase(found);
  done(outcome);
}

void GuardClient::declareTo(Output output, std::uint32_t request) {
  const Declared& declared = outputs_.at(output);
  if (const auto* line = std::get_if<MotionOutputOptions>(&declared.options)) {
    send(wire::DeclareOutput{request, output, line->line, line->safe, line->activeLow,
                             static_cast<std::uint8_t>(line->drive), static_cast<std::uint8_t>(line->bias),
                             leaseOf(*line), line->maxOnMs, line->restMs},
         request);
  } else {
    const auto& port = std::get<FailsafeOptions>(declared.options);
    const int descriptor = port.descriptor();
    if (descriptor < 0) return refuseLater(request, {"ERR_DISCONNECTED", port.path + " is away"});
    send(wire::DeclareFailsafe{request, output, port.path, port.bytes, port.leaseMs}, request, descriptor);
  }
}

GuardPort::Output GuardClient::declare(MotionOutputOptions options, Ended ended, Done done) {
  const std::uint32_t request = remember(std::move(done));
  const Output output = ++lastOutput_;
  const bool renewedHere = options.leaseMs == 0;
  outputs_[output] = {std::move(options), std::move(ended), false, renewedHere};
  declareTo(output, request);
  return output;
}

GuardPort::Output GuardClient::declare(FailsafeOptions options, Ended ended, Done done) {
  const std::uint32_t request = remember(std::move(done));
  const Output output = ++lastOutput_;
  outputs_[output] = {std::move(options), std::move(ended), false, false};
  declareTo(output, request);
  return output;
}

void GuardClient::interlock(std::vector<Output> outputs, std::uint32_t deadTimeMs, Done done) {
  const Group group{std::move(outputs), deadTimeMs};
  const std::uint32_t request = remember([this, group, done = std::move(done)](const Outcome& outcome) {
    if (outcome.ok()) groups_.push_back(group);
    done(outcome);
  });
  send(wire::Interlock{request, group.outputs, deadTimeMs}, request);
}

void GuardClient::drive(Output output, bool on, std::uint32_t leaseMs, std::uint32_t pulseMs, Done done) {
  const std::uint32_t request = remember([this, output, on, done = std::move(done)](const Outcome& outcome) {
    const auto found = outputs_.find(output);
    if (outcome.ok() && found != outputs_.end()) {
      found->second.on = on;
      updateRenewal();
    }
    done(outcome);
  });
  send(wire::Drive{request, output, on, leaseMs, pulseMs}, request);
}

void GuardClient::renew(Output output) {
  if (channel_) channel_->post(wire::Renew{output});
}

void GuardClient::forget(Output output) {
  if (outputs_.erase(output) == 0) return;
  for (Group& group : groups_)
    std::erase(group.outputs, output);
  std::erase_if(groups_, [](const Group& group) { return group.outputs.size() < 2; });
  if (channel_) channel_->post(wire::Forget{output});
  updateRenewal();
}

void GuardClient::reopened(Output output) {
  if (!outputs_.contains(output) || !channel_) return;
  outputs_.at(output).on = false;
  channel_->post(wire::Forget{output});
  declareAgain(output);
}

void GuardClient::declareAgain(Output output) {
  const std::uint32_t request = remember([this, output](const Outcome& outcome) {
    if (!outcome.ok()) ended(output, outcome.message);
  });
  declareTo(output, request);
}

// While nothing is on there is no timer.
void GuardClient::updateRenewal() {
  const bool needed = std::any_of(outputs_.begin(), outputs_.end(),
                                  [](const auto& item) { return item.second.on && item.second.renewedHere; });
  constexpr Milliseconds period(turningLeaseMs / 4);
  if (!needed)
    renewal_.stop();
  else if (!renewal_.active())
    renewal_.start(period, period);
}

void NoGuard::refuse(const Done& done) {
  done({"ERR_NOT_SUPPORTED", "what moves is driven by deskd-guard: run the script under deskd"});
}

GuardPort::Output NoGuard::declare(MotionOutputOptions, Ended, Done done) {
  refuse(done);
  return 0;
}

GuardPort::Output NoGuard::declare(FailsafeOptions, Ended, Done done) {
  refuse(done);
  return 0;
}

}  // namespace deskd
