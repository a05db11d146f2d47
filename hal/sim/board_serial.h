// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hal/base/loop.h"
#include "hal/sim/pty.h"

namespace deskd {

// The serial ports of a simulated board, by name, each a pseudo-terminal behind a symbolic link.
class BoardSerial {
 public:
  using Received = std::function<void(std::span<const std::uint8_t>)>;

  // A port's link is "PREFIX.NAME".
  BoardSerial(Loop& loop, std::string prefix) : loop_(loop), prefix_(std::move(prefix)) {}

  // Returns the path of its link. Without `received`, what is written to the port is kept for take().
  std::string add(const std::string& name, Received received = {});
  void remove(const std::string& name);
  void plug(const std::string& name);
  void unplug(const std::string& name);
  // Lost if nobody reads it, or while it is unplugged.
  void send(const std::string& name, std::span<const std::uint8_t> bytes);
  // What was written to the port since the last call; the last 64 KiB of it.
  std::vector<std::uint8_t> take(const std::string& name);

 private:
  struct Port {
    std::string link;
    Received received;
    std::vector<std::uint8_t> kept;
    std::optional<Pty> pty;
    std::optional<Poll> poll;  // declared after pty: stops before the descriptor closes
  };

  Port& at(const std::string& name);
  void connect(Port& port);
  static void read(Port& port);

  Loop& loop_;
  const std::string prefix_;
  std::map<std::string, std::unique_ptr<Port>> ports_;
};

}  // namespace deskd
