// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/guard_port.h"
#include "bindings/outcome.h"
#include "bindings/script_error.h"
#include "bindings/storage_port.h"
#include "hal/base/log.h"
#include "hal/board.h"
#include "hal/cron/wall_clock.h"

namespace deskd {

using Bytes = std::vector<std::uint8_t>;

// What a script knows about itself.
struct ScriptInfo {
  std::string name;
  std::string path;         // the script's file, as configured
  std::string libraryPath;  // directory of the shipped scripts; imports from there are allowed
  std::string settingsJson = "{}";
  bool simulated = false;
  std::string boardPath;  // socket of a simulated board; empty: this machine's hardware
  bool testing = false;   // deskctl test: deskd:test is there
};

struct ScriptLimits {
  int turnMs = 2000;
  int heapMib = 64;
  int cpuPercent = 0;  // share of one CPU over a minute; 0: any
  int handles = 1000;  // what may be open at a time: ports, lines, buses, subscriptions, timers
};

// Which devices a script may use: names as scripts write them, or "*" for every one.
struct ScriptGrants {
  std::vector<std::string> lines{"*"};
  std::vector<std::string> i2c{"*"};
  std::vector<std::string> serial{"*"};
};

// The broker as scripts need it. Implemented above bindings/; every callback comes on the script's loop.
class MessageBus {
 public:
  using OnMessage = std::function<void(std::string_view topic, Bytes payload, int qos, bool retained)>;

  virtual ~MessageBus() = default;
  virtual bool connected() const = 0;
  virtual void onConnection(std::function<void(bool)> changed) = 0;
  virtual void publish(std::string topic, Bytes payload, int qos, bool retain, Done done) = 0;
  // Returns the subscription's number. `done` says when the broker has it, or that it was refused.
  virtual std::uint32_t subscribe(std::string filter, int qos, OnMessage onMessage, Done done) = 0;
  virtual void unsubscribe(std::uint32_t subscription) = 0;
};

// The script's device in the home-automation hub. Objects travel as JSON text. Throws nothing: what the other
// side refuses comes back through onRefused.
class HubPort {
 public:
  virtual ~HubPort() = default;
  virtual void device(std::string infoJson) = 0;
  virtual void declare(std::string property, std::string component, std::string configJson, bool hasState,
                       bool hasCommand) = 0;
  virtual void remove(std::string property) = 0;
  virtual void state(std::string property, std::string value) = 0;
  virtual void attributes(std::string json) = 0;
  virtual void event(std::string property, std::string json) = 0;
  virtual void error(std::string property, std::string json) = 0;
  virtual void available(bool available) = 0;
  virtual void onCommand(std::function<void(std::string property, std::string payload)> command) = 0;
};

// Everything a script's isolate asks of the process around it.
struct HostServices {
  ScriptInfo script;
  ScriptLimits limits;
  MessageBus& bus;
  HubPort& hub;
  GuardPort& guard;
  StoragePort& storage;
  std::function<void(LogRecord)> log;
  // Reports a failure that the process will not survive. Called from any thread, and from a signal handler:
  // it must only write.
  std::function<void(const ScriptError&)> lastWords;
  // Path a serial device is opened under; the simulator maps the script's path to its own.
  std::function<std::string(const std::string&)> serialPath;
  // GPIO and I2C, made when first asked for. May be called from any thread; a call for a bus gives its own.
  std::function<Board&()> board;
  // The clock that schedules follow, made when the first is; it calls back on the script's loop.
  std::function<std::unique_ptr<WallClock>(Loop&, std::function<void()> look)> wallClock =
      [](Loop& loop, std::function<void()> look) { return makeSystemClock(loop, std::move(look)); };
  ScriptGrants grants = {};
};

}  // namespace deskd
