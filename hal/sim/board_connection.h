// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>

#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"
#include "hal/sim/board_session.h"

namespace deskd {

class BoardServer;

// One client's connection to a simulated board. A command that waits for a stuck bus holds up what follows it
// on this connection, and nobody else.
class BoardConnection {
 public:
  BoardConnection(BoardServer& server, BoardRunner& runner, UniqueFd socket);

  bool hungUp() const;
  // Reads and executes what has come. False: the connection is over, and to be removed. As retry(), not from
  // inside of one of its own commands.
  bool serve();
  // Executes what waits for a stuck bus, if that is possible by now. False as for serve().
  bool retry();

 private:
  bool read();
  bool executeWaiting();
  bool send(const BoardSession::Answer& answer);

  BoardServer& server_;
  UniqueFd socket_;
  BoardSession session_;
  std::deque<std::string> waiting_;
  Poll poll_;  // declared after socket_: stops before it closes
};

}  // namespace deskd
