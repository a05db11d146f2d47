// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "hal/sim/board.h"
#include "hal/sim/board_serial.h"
#include "hal/sim/plant.h"

namespace deskd {

// What is connected to a simulated board. Levels reach plants by deliver(), never from inside a call of
// theirs. Time is handed in; bytes from serial ports come with the loop.
class BoardPlants {
 public:
  // `act` runs something now and lets what follows from it happen (BoardRunner::act).
  using Act = std::function<void(const std::function<void(std::uint64_t nowNs)>&)>;
  using Make = std::function<std::unique_ptr<SimPlant>(const std::string& kind, PlantBoard& board,
                                                       const PlantOptions& options, std::uint64_t nowNs)>;
  BoardPlants(SimBoard& board, BoardSerial& serial, Act act, Make make = makePlant);
  ~BoardPlants();

  // Returns the plant's number, from 1 on.
  unsigned add(const std::string& kind, const PlantOptions& options, std::uint64_t nowNs);
  void remove(unsigned plant, std::uint64_t nowNs);
  void set(unsigned plant, const std::string& name, const std::string& value, std::uint64_t nowNs);
  std::string get(unsigned plant, const std::string& name, std::uint64_t nowNs);

  // Tells plants the levels that have changed, and those that change because of that.
  void deliver();
  void advance(std::uint64_t nowNs);
  std::optional<std::uint64_t> nextNs() const;

 private:
  class Seat;

  Seat& at(unsigned plant);
  void onChange(const SimLineChange& change);

  SimBoard& board_;
  BoardSerial& serial_;
  const Act act_;
  const Make make_;
  std::map<unsigned, std::unique_ptr<Seat>> seats_;
  unsigned last_ = 0;
  std::deque<SimLineChange> changes_;  // that plants watch
};

}  // namespace deskd
