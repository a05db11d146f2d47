// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hal/base/loop.h"
#include "hal/sim/cable_end.h"
#include "hal/sim/jiecang_desk.h"

namespace deskd {

// A simulated desk on a serial cable, living on a loop's time.
class JiecangRunner {
 public:
  JiecangRunner(Loop& loop, const JiecangOptions& options, CableOptions cable = {},
                JiecangDesk::Observer observer = {});

  // The cable. The desk itself does not notice.
  void plug();
  void unplug();
  // Where the port is; empty while unplugged and without a link or device.
  std::string path() const;

  // For what a person does to the desk: call act() with it, and what follows from it happens in time.
  template <class Action>
  void act(const Action& action) {
    action(desk_, loop_.nowMs());
    pump();
  }
  const JiecangDesk& desk() const { return desk_; }

 private:
  void readCommands();
  void pump();

  Loop& loop_;
  const CableOptions cable_;
  JiecangDesk desk_;
  std::unique_ptr<CableEnd> end_;
  std::optional<Poll> poll_;  // declared after end_: stops before the descriptor closes
  Timer next_;
};

}  // namespace deskd
