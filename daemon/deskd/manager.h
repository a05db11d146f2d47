// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/deskd/recent_messages.h"

namespace deskd {

// What deskd says of itself.
struct ManagerReport {
  std::string version;
  std::string node;
  std::string brokerUrl;  // empty: the settings name none
  bool brokerConnected = false;
  std::string mqttVersion;  // "5" or "3.1.1" while connected
  MessageCounts messages;
  std::uint32_t subscriptions = 0;
  bool guardWorks = false;
  std::string safeMode;  // why no script was started; empty: they were
  std::uint32_t scripts = 0;
  std::uint32_t scriptsRunning = 0;
  std::string logLevel;
};

// What deskd says of one script.
struct ScriptReport {
  std::string name;
  std::string state;          // "running" and so on, one word
  std::uint64_t sinceUs = 0;  // of the wall clock
  std::uint32_t restarts = 0;
  std::string lastError;  // with the place in the source; empty: none since it was last changed or started
  std::uint32_t pid = 0;  // 0: no process
  std::string device;
  std::vector<std::string> entities;
  std::string logLevel;
};

enum class ScriptAction { start, stop, restart, reload, enable, disable };

// Why something that was asked for is not done. `kind` is one word for programs, such as "NoSuchScript".
class ManagerError : public std::runtime_error {
 public:
  ManagerError(std::string kind, const std::string& text)
      : std::runtime_error(text), kind_(std::move(kind)) {}
  const std::string& kind() const { return kind_; }

 private:
  std::string kind_;
};

// What whoever steers deskd sees of it. Methods that are given a script's name throw ManagerError
// "NoSuchScript" if there is no such script.
class Manager {
 public:
  virtual ~Manager() = default;

  virtual ManagerReport report() const = 0;
  virtual std::vector<std::string> scripts() const = 0;
  virtual ScriptReport script(const std::string& name) const = 0;
  virtual const std::deque<RecentMessage>& recentMessages() const = 0;

  // Settings and all scripts again. Throws ManagerError "BadSettings"; then they stay as they were.
  virtual void reload() = 0;
  virtual void change(const std::string& script, ScriptAction action) = 0;
  // Of deskd as a whole, or of one script. Throws ManagerError "InvalidArgument".
  virtual void setLogLevel(const std::string& level) = 0;
  virtual void setLogLevel(const std::string& script, const std::string& level) = 0;
};

}  // namespace deskd
