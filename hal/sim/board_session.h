// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hal/base/unique_fd.h"
#include "hal/sim/board_runner.h"
#include "hal/sim/command_words.h"
#include "hal/sim/datagram_stream.h"

namespace deskd {

// Thrown by a command that waits for a stuck bus: it is to be tried again later.
struct StuckBus {};

// One client's side of a simulated board: what it has requested, and its commands (board_wire.h). What it
// holds is released with it.
class BoardSession {
 public:
  struct Answer {
    std::string text;
    UniqueFd descriptor;  // goes with the answer
  };

  explicit BoardSession(BoardRunner& runner) : runner_(runner) {}
  ~BoardSession();
  BoardSession(const BoardSession&) = delete;
  BoardSession& operator=(const BoardSession&) = delete;

  // Throws nothing but StuckBus: what goes wrong is in the answer.
  Answer execute(std::string_view command);

  // --- for the commands themselves (commands_*.cpp)

  BoardRunner& runner() { return runner_; }
  SimBoard& board() { return runner_.board(); }
  using Handle = SimLineRequests::Handle;
  void own(Handle handle, std::unique_ptr<DatagramStream> events) { requests_[handle] = std::move(events); }
  // Refuses the handles of other clients.
  Handle takeHandle(CommandWords& words) const;
  void release(Handle handle);
  void listen(std::shared_ptr<DatagramStream> recording) { recordings_.push_back(std::move(recording)); }

 private:
  BoardRunner& runner_;
  std::map<Handle, std::unique_ptr<DatagramStream>> requests_;
  std::vector<std::shared_ptr<DatagramStream>> recordings_;
};

// What a command makes of its words: fills the answer behind "ok", or throws.
struct BoardCommand {
  std::string_view name;  // "gpio output"
  void (*run)(BoardSession& session, CommandWords& words, std::uint64_t nowNs, BoardSession::Answer& answer);
};
std::span<const BoardCommand> gpioCommands();
std::span<const BoardCommand> i2cCommands();
std::span<const BoardCommand> simCommands();
std::span<const BoardCommand> simDeviceCommands();

}  // namespace deskd
