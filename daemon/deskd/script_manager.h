// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/deskd/manager.h"
#include "daemon/deskd/mqtt_link.h"
#include "daemon/deskd/recent_messages.h"
#include "daemon/deskd/script.h"
#include "daemon/deskd/settings.h"

namespace deskd {

// What D-Bus sees of the supervisor.
class ScriptManager final : public Manager {
 public:
  struct Parts {  // all of the supervisor's
    const Settings& settings;
    const std::map<std::string, std::unique_ptr<Script>>& scripts;
    ScriptLedger& ledger;
    const RecentMessages& messages;
    std::function<bool()> guardWorks;
    std::function<std::string()> safeMode;  // why; empty if it is not
    // Of the process that runs; empty if it has none.
    std::function<std::string(std::uint64_t process)> deviceOf;
    std::function<std::vector<std::string>(std::uint64_t process)> entitiesOf;
    // Throws SettingsError.
    std::function<void()> reload;
    std::function<void()> changed;                                 // what is reported of all
    std::function<void(const std::string& script)> scriptChanged;  // of one
  };

  explicit ScriptManager(Parts parts) : parts_(std::move(parts)) {}

  ManagerReport report() const override;
  std::vector<std::string> scripts() const override;
  ScriptReport script(const std::string& name) const override;
  const std::deque<RecentMessage>& recentMessages() const override { return parts_.messages.messages(); }

  void reload() override;
  void change(const std::string& name, ScriptAction action) override;
  void setLogLevel(const std::string& level) override;
  void setLogLevel(const std::string& name, const std::string& level) override;

 private:
  Script& find(const std::string& name) const;

  const Parts parts_;
};

}  // namespace deskd
