// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/guard/guarded.h"
#include "daemon/wire/channel.h"
#include "hal/base/log.h"
#include "hal/base/loop.h"
#include "hal/board.h"
#include "hal/motion_rules.h"

namespace deskd {

// The owner of every output that moves something. Scripts' processes ask it, each over a socket of its own;
// it alone decides by MotionRules and drives the lines. What is on goes to its safe level when its process
// ends or is silent, when the supervisor ends or is silent, and for all of its limits.
//
// Nothing here waits for anything but the loop, and with nothing on there is no timer.
class Guard {
 public:
  struct Options {
    // Where the declared lines and the armed ports are written; empty: nowhere. A port that is not armed gets
    // no bytes from anybody: what stops a device that moves may move one that rests.
    std::string outputsPath;
    std::function<MotionRules::Time()> now;
  };

  // First makes safe what the file says an earlier guard held. Ends the loop when the supervisor is gone,
  // with all safe.
  Guard(Loop& loop, Board& board, UniqueFd supervisor, Options options);
  ~Guard();

  // Lets the supervisor write it to the log. False: it is gone.
  bool tell(const LogRecord& record);

 private:
  using Id = MotionRules::Id;
  struct Host {
    std::string script;
    std::vector<std::string> lines;  // it is granted
    std::unique_ptr<wire::Channel> channel;
    std::map<std::uint32_t, Id> outputs;  // by the host's own number
  };
  struct Output {
    std::uint64_t process;
    std::uint32_t number;
    std::unique_ptr<GuardedGpio> line;  // one of these two
    std::unique_ptr<GuardedSerial> port;
    Guarded& device() const { return line ? static_cast<Guarded&>(*line) : *port; }
  };

  void takeOver();
  void fromSupervisor(wire::Any&& message, UniqueFd&& descriptor);
  void attach(const wire::Attach& attach, UniqueFd socket);
  void settled(const std::string& script);

  void fromHost(std::uint64_t process, wire::Any&& message, UniqueFd&& descriptor);
  void detach(std::uint64_t process);
  void declare(std::uint64_t process, const wire::DeclareOutput& wanted);
  void declare(std::uint64_t process, const wire::DeclareFailsafe& wanted, UniqueFd port);
  void interlock(std::uint64_t process, const wire::Interlock& wanted);
  void drive(std::uint64_t process, const wire::Drive& wanted);
  void forget(std::uint64_t process, std::uint32_t number);
  void answer(std::uint64_t process, std::uint32_t request, const std::string& code = {},
              const std::string& text = {});

  std::unique_ptr<GuardedGpio> takeLine(const GuardedLine& line);
  void keep(Output output, const MotionRules::Limits& limits);
  Output take(Id id);
  std::optional<Id> find(std::uint64_t process, std::uint32_t number) const;

  void makeSafe(Id id, Priority priority, const std::string& why);
  void wentOff(const GuardedGpio& line);
  void keepTrying(GuardedGpio& line);
  void tryAgain();
  bool isUnsafe(const std::string& script) const;
  void stopAll(const std::string& why);
  void expire();
  void changed();
  void writeFile();

  Loop& loop_;
  Board& board_;
  const Options options_;
  MotionRules rules_;
  std::map<std::uint64_t, Host> hosts_;
  std::map<Id, Output> outputs_;
  Id lastId_ = 0;
  // Lines that could not be driven safe so far: each is an output's or parked. Nothing else of their script
  // goes on.
  std::set<GuardedGpio*> unsafe_;
  int attempts_ = 0;
  std::vector<std::unique_ptr<GuardedGpio>> parked_;       // safe, and nobody's for now
  std::map<std::string, MotionRules::History> histories_;  // of lines, by name
  std::uint32_t toldLeaseMs_ = 0;
  Timer next_;
  Timer retry_;
  Timer later_;  // ends hosts outside their own callbacks
  std::vector<std::unique_ptr<wire::Channel>> ended_;
  bool supervisorGone_ = false;
  wire::Channel supervisor_;
};

// Makes safe what the file lists, for when no guard runs any more. Returns how many of it could not be made
// safe, each told to the log.
int releaseOutputs(Board& board, const std::string& outputsPath);

}  // namespace deskd
