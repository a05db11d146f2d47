// SPDX-License-Identifier: Apache-2.0
#include "bindings/turn_watch.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace deskd {

using Clock = std::chrono::steady_clock;

struct TurnWatch::State {
  explicit State(int budget, Steps wanted) : budgetMs(budget), steps(std::move(wanted)) {}

  std::atomic<int> budgetMs;
  const Steps steps;
  // Counts beginnings and endings: odd while a turn runs. Together with startedNs it names one turn.
  std::atomic<std::uint64_t> turn{0};
  std::atomic<std::int64_t> startedNs{0};
  std::atomic<bool> dormant{false};  // the thread waits without a time limit
  bool stop = false;                 // under mutex
  std::mutex mutex;
  std::condition_variable changed;
  std::thread thread;

  static std::int64_t nowNs() { return Clock::now().time_since_epoch().count(); }

  bool running(std::uint64_t which) const { return turn.load() == which; }

  void watch() {
    std::unique_lock lock(mutex);
    while (!stop) {
      const std::uint64_t current = turn.load();
      if (current % 2 == 0) {
        dormant = true;
        changed.wait(lock, [&] { return stop || turn.load() % 2 == 1; });
        dormant = false;
        continue;
      }
      const Clock::time_point start{Clock::duration(startedNs.load())};
      if (!running(current)) continue;  // the start belonged to another turn
      const auto overdue = start + std::chrono::milliseconds(budgetMs.load());
      changed.wait_until(lock, overdue, [&] { return stop; });
      if (stop || !running(current) || Clock::now() < overdue) continue;
      end(lock, current, overdue);
    }
  }

  // Waits until `when`; true if the turn still runs then.
  bool outlasts(std::unique_lock<std::mutex>& lock, std::uint64_t which, Clock::time_point when) {
    changed.wait_until(lock, when, [&] { return stop || !running(which); });
    return !stop && running(which);
  }

  void end(std::unique_lock<std::mutex>& lock, std::uint64_t which, Clock::time_point overdue) {
    for (int askedMs = 0; askedMs < insistAfterMs; askedMs += askEveryMs) {
      steps.interrupt();
      if (!outlasts(lock, which, overdue + std::chrono::milliseconds(askedMs + askEveryMs))) return;
    }
    steps.insist();
    if (!outlasts(lock, which, overdue + std::chrono::milliseconds(killAfterMs))) return;
    steps.kill();
    changed.wait(lock, [&] { return stop || !running(which); });
  }
};

TurnWatch::TurnWatch(int budgetMs, Steps steps)
    : state_(std::make_unique<State>(budgetMs, std::move(steps))) {
  state_->thread = std::thread([state = state_.get()] { state->watch(); });
}

TurnWatch::~TurnWatch() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

void TurnWatch::begin() {
  state_->startedNs = State::nowNs();
  ++state_->turn;
  if (!state_->dormant) return;
  // The thread may be between setting `dormant` and waiting; taking its mutex closes that gap.
  { const std::lock_guard lock(state_->mutex); }
  state_->changed.notify_all();
}

void TurnWatch::end() {
  ++state_->turn;
}

bool TurnWatch::overdue() const {
  const auto budget =
      std::chrono::duration_cast<Clock::duration>(std::chrono::milliseconds(state_->budgetMs.load()));
  return state_->turn.load() % 2 == 1 && State::nowNs() - state_->startedNs.load() >= budget.count();
}

int TurnWatch::budgetMs() const {
  return state_->budgetMs;
}

void TurnWatch::setBudget(int budgetMs) {
  state_->budgetMs = budgetMs;
}

}  // namespace deskd
