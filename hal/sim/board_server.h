// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"
#include "hal/sim/board_runner.h"
#include "hal/sim/board_session.h"

namespace deskd {

class BoardConnection;

// A simulated board behind an AF_UNIX SOCK_SEQPACKET socket (board_wire.h), for its user only.
class BoardServer {
 public:
  // Replaces the socket of a server that is gone. Throws std::system_error; EADDRINUSE if one listens there.
  BoardServer(BoardRunner& runner, const std::string& path);
  ~BoardServer();
  BoardServer(const BoardServer&) = delete;
  BoardServer& operator=(const BoardServer&) = delete;

  // Does what a client would ask for, without one: for the standard input of the process that has the board.
  std::string execute(std::string_view command);

  // --- for the connections

  // A process that has ended holds nothing, even if its end is only seen now: hears those out that have hung
  // up, all but `asking`.
  void reap(const BoardConnection* asking);
  // A command has been carried out: who waits for a stuck bus may try again, all but `executing`.
  void retryOthers(const BoardConnection* executing);
  void remove(BoardConnection* connection);
  std::vector<char>& buffer() { return buffer_; }

 private:
  void accept();

  BoardRunner& runner_;
  const std::string path_;
  UniqueFd socket_;
  std::vector<char> buffer_;  // shared: what is read is taken out at once
  BoardSession own_;
  std::list<std::unique_ptr<BoardConnection>> connections_;
  // Commands that are executed on behalf of another connection reap and retry nobody themselves.
  bool walking_ = false;
  bool retryWanted_ = false;
  Poll poll_;  // declared after socket_: stops before it closes
};

}  // namespace deskd
