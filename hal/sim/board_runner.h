// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"
#include "hal/sim/board.h"
#include "hal/sim/board_plants.h"
#include "hal/sim/board_recorder.h"
#include "hal/sim/board_serial.h"

namespace deskd {

// A simulated board on a loop's thread and CLOCK_MONOTONIC. What is due happens in order, each at its own
// time, even if the process gets to it late.
class BoardRunner {
 public:
  // `recordPath`: file for the recorder, or empty. Serial ports appear as "SERIAL_PREFIX.NAME".
  BoardRunner(Loop& loop, const SimBoardOptions& options, const std::string& recordPath,
              const std::string& serialPrefix);

  Loop& loop() { return loop_; }
  SimBoard& board() { return board_; }
  BoardSerial& serial() { return serial_; }
  BoardPlants& plants() { return plants_; }
  BoardRecorder& recorder() { return recorder_; }

  // Does something to the board: after everything that is due before it, and with what follows from it.
  void act(const std::function<void(std::uint64_t nowNs)>& action);

 private:
  std::uint64_t advance();
  void rearm();

  Loop& loop_;
  SimBoard board_;
  BoardRecorder recorder_;
  BoardSerial serial_;
  BoardPlants plants_;
  std::uint64_t nowNs_ = 0;
  UniqueFd timer_;  // uv's timers count milliseconds, too coarse for an echo or a contact
  Poll poll_;       // declared after timer_: stops before it closes
};

}  // namespace deskd
