// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "hal/base/loop.h"
#include "hal/sim/loctek_desk.h"
#include "hal/sim/pty.h"

namespace deskd {

// A simulated desk on a pseudo-terminal, living on a loop's time.
class LoctekRunner {
 public:
  // With `link`, the port appears under that path; see Pty.
  LoctekRunner(Loop& loop, const LoctekOptions& options, std::string link = {},
               LoctekDesk::Observer observer = {});

  // The cable. The desk itself does not notice.
  void plug();
  void unplug();
  void setPin20(bool level);
  // Where the port is; empty while unplugged and without a link.
  std::string path() const;

  // For what a person does to the desk: call act() with it, and what follows from it happens in time.
  template <class Action>
  void act(const Action& action) {
    action(desk_, loop_.nowMs());
    pump();
  }
  const LoctekDesk& desk() const { return desk_; }

 private:
  void readKeys();
  void pump();

  Loop& loop_;
  const std::string link_;
  LoctekDesk desk_;
  std::optional<Pty> pty_;
  std::optional<Poll> poll_;  // declared after pty_: stops before the descriptor closes
  Timer next_;
};

}  // namespace deskd
