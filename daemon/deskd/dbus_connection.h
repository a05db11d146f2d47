// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hal/base/loop.h"

struct sd_bus;
struct sd_bus_message;
struct sd_bus_slot;

namespace deskd {

struct DbusSlotDelete {
  void operator()(sd_bus_slot* slot) const;
};
using DbusSlot = std::unique_ptr<sd_bus_slot, DbusSlotDelete>;

// A bus on the loop, and a name there. A bus that is not there, goes away or refuses the name is tried again
// with growing pauses; each new reason is logged once.
class DbusConnection {
 public:
  static constexpr Milliseconds firstRetryDelay{1000};
  static constexpr Milliseconds maxRetryDelay{60000};

  struct Handlers {
    std::function<void(sd_bus* bus)> opened;  // objects are added now: the name comes behind them
    std::function<void()> closing;            // and slots are let go
  };

  // `where`: "system", "session" or a D-Bus address.
  DbusConnection(Loop& loop, std::string where, std::string name, Handlers handlers);
  ~DbusConnection();
  DbusConnection(const DbusConnection&) = delete;
  DbusConnection& operator=(const DbusConnection&) = delete;

  void start() { open(); }
  // Null while there is none.
  sd_bus* bus() const { return bus_; }

 private:
  void open();
  void close();
  void failed(const std::string& why);
  void named(sd_bus_message* answer);
  void watch();
  void process();

  Loop& loop_;
  const std::string where_;
  const std::string name_;
  const Handlers handlers_;
  sd_bus* bus_ = nullptr;
  DbusSlot nameRequest_;
  std::string refused_;  // why there is no name
  std::string said_;     // the reason that was logged last
  Milliseconds delay_ = firstRetryDelay;
  int events_ = 0;  // that poll_ waits for
  std::optional<Poll> poll_;
  Timer due_;  // when sd-bus has something to do without an event
  Timer retry_;
  Prepare prepare_;
};

}  // namespace deskd
