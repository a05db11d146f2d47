// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

namespace deskd {

// Watches, from a thread of its own, how long the script keeps its loop busy. The thread sleeps while nothing
// runs.
//
// A turn over budget is ended in steps: `interrupt` after the budget, again and again (V8 is asked for the
// stack and to terminate; it may be asked where there is no stack), `insist` 130 ms later if the turn still
// runs, and `kill` after 200 ms. All are called on the watching thread.
class TurnWatch {
 public:
  struct Steps {
    std::function<void()> interrupt;
    std::function<void()> insist;
    std::function<void()> kill;
  };
  static constexpr int askEveryMs = 10;
  static constexpr int insistAfterMs = 130;
  static constexpr int killAfterMs = 200;

  TurnWatch(int budgetMs, Steps steps);
  ~TurnWatch();
  TurnWatch(const TurnWatch&) = delete;
  TurnWatch& operator=(const TurnWatch&) = delete;

  void begin();
  void end();
  // Whether the turn that runs now is over its budget. For the script's own thread.
  bool overdue() const;
  int budgetMs() const;
  // The budget of turns that begin from now on.
  void setBudget(int budgetMs);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deskd
