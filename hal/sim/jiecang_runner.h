// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "hal/base/loop.h"
#include "hal/sim/jiecang_desk.h"
#include "hal/sim/pty.h"

namespace deskd {

// A simulated desk on a pseudo-terminal, living on a loop's time.
class JiecangRunner {
 public:
  // With `link`, the port appears under that path; see Pty.
  JiecangRunner(Loop& loop, const JiecangOptions& options, std::string link = {},
                JiecangDesk::Observer observer = {});

  // The cable. The desk itself does not notice.
  void plug();
  void unplug();
  // Where the port is; empty while unplugged and without a link.
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
  const std::string link_;
  JiecangDesk desk_;
  std::optional<Pty> pty_;
  std::optional<Poll> poll_;  // declared after pty_: stops before the descriptor closes
  Timer next_;
};

}  // namespace deskd
