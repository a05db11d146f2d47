// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>

#include "daemon/deskd/token_bucket.h"
#include "daemon/wire/messages.h"
#include "hal/base/loop.h"

namespace deskd {

// How much one process of a script may say, by its budget. What it publishes itself is refused beyond that.
// What it tells the hub waits, in order, for its turn: of a state only the latest value, of events a bounded
// number. Events never take the place of what stays true (declarations, states). Log lines beyond it are
// counted.
class ScriptTraffic {
 public:
  struct Budget {
    unsigned publishesPerS = 100;
    unsigned subscriptions = 100;
    unsigned logLinesPerS = 100;
  };
  struct Handlers {
    std::function<void(wire::Any&&)> hub;           // a message whose turn has come
    std::function<void(std::uint64_t)> suppressed;  // so many lines were, and now others may come again
    std::function<void(std::uint64_t)> dropped;     // so many messages to the hub were
  };
  static constexpr std::size_t mostEvents = 256;   // that wait: events and refusals
  static constexpr std::size_t mostOthers = 2048;  // more than any device has entities

  ScriptTraffic(Loop& loop, Budget budget, Handlers handlers);

  const Budget& budget() const { return budget_; }
  // Whether it may publish now.
  bool mayPublish();
  // Whether it may have one more; then it has it.
  bool subscribe(std::uint32_t subscription);
  void unsubscribe(std::uint32_t subscription) { subscriptions_.erase(subscription); }
  // Whether a line may be written; if not it is counted.
  bool mayLog();
  void countSuppressed(std::uint64_t lines);
  // Delivers it, now or later.
  void toHub(wire::Any&& message);
  // All that waits for the hub, now: it is to have the whole before something else.
  void flush();
  // Its process has ended: all that is still to be delivered or told.
  void finish();

 private:
  void wait(wire::Any&& message);
  void look();
  void wakeUp();

  Loop& loop_;
  const Budget budget_;
  const Handlers handlers_;
  TokenBucket publishes_;
  TokenBucket lines_;
  std::set<std::uint32_t> subscriptions_;
  std::deque<wire::Any> waiting_;
  std::size_t events_ = 0;  // of those
  std::uint64_t suppressed_ = 0;
  std::uint64_t suppressedAtMs_ = 0;  // the first of them
  std::uint64_t dropped_ = 0;
  std::uint64_t laterAtMs_ = 0;
  Timer later_;  // only while something waits or is to be told
};

}  // namespace deskd
