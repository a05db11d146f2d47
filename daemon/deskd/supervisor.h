// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "daemon/deskd/boot_count.h"
#include "daemon/deskd/dbus_service.h"
#include "daemon/deskd/device_claims.h"
#include "daemon/deskd/guard_link.h"
#include "daemon/deskd/hub.h"
#include "daemon/deskd/mqtt_client.h"
#include "daemon/deskd/mqtt_router.h"
#include "daemon/deskd/no_broker.h"
#include "daemon/deskd/notify.h"
#include "daemon/deskd/options.h"
#include "daemon/deskd/reaper.h"
#include "daemon/deskd/recent_messages.h"
#include "daemon/deskd/retained_cache.h"
#include "daemon/deskd/script.h"
#include "daemon/deskd/script_directory.h"
#include "daemon/deskd/script_manager.h"
#include "daemon/deskd/script_storage.h"
#include "daemon/deskd/settings.h"
#include "daemon/deskd/simulator.h"
#include "daemon/deskd/switchboard.h"
#include "daemon/deskd/zygote.h"

namespace deskd {

// The daemon: scripts on one side, the broker on the other, and what each script holds outside its process in
// between.
class Supervisor {
 public:
  Supervisor(Loop& loop, const Options& options, Settings settings);
  ~Supervisor();

  // Runs until a signal ends it. Returns the exit code.
  int run();

 private:
  const std::string& privateDirectory();
  std::string outputsPath();
  std::string statePath(const std::string& file) const;
  std::string boardPath() const;
  void startGuard();
  void startScripts();
  void beginAttempts();
  void addScript(const std::string& name);
  void removeScript(const std::string& name);
  void forgetScript(const std::string& name);
  wire::Load loadOrder(const std::string& name, std::uint64_t process);
  std::vector<std::pair<std::string, std::string>> serialPaths() const;

  void releaseDevice(const std::string& script, const std::string& id);
  void releaseOtherDevices(const std::string& script, const std::string& id);
  void clearStale();
  void scriptChanged(Script& script);
  void brokerConnected();
  void brokerLost(const std::string& reason);
  void tellConnection(bool connected);

  void reload();
  void loadAgain();
  void stop();
  void stopBroker();
  void finish();
  void updateStatus();
  void entitiesChanged(const std::string& script);
  void tellEntities();
  std::string safeMode() const;
  ScriptManager::Parts managedParts();
  void becomeReady();

  Loop& loop_;
  const Options options_;
  Settings settings_;
  std::mt19937_64 randomBits_;
  Notify notify_;
  Reaper reaper_;
  Zygote zygote_;
  GuardLink guard_;
  ScriptLedger ledger_;
  BootCount boots_;
  std::string privateDirectory_;  // made when needed
  std::optional<Simulator> simulator_;
  MqttClient* client_ = nullptr;  // what link_ is, if there is a broker
  std::unique_ptr<MqttLink> link_;
  RecentMessages messages_;
  RetainedCache cache_;
  MqttRouter router_;
  Hub hub_;
  ScriptStorage storage_;
  DeviceClaims claims_;
  Switchboard switchboard_;
  std::map<std::string, std::unique_ptr<Script>> scripts_;
  std::optional<ScriptDirectory> directory_;
  bool ready_ = false;
  bool stopping_ = false;
  Timer readyAnyway_;
  Timer stale_;
  Timer giveUp_;
  Timer later_;  // deletes removed scripts outside their own callbacks
  std::vector<std::unique_ptr<Script>> removed_;
  std::vector<std::unique_ptr<Signal>> signals_;
  std::set<std::string> entitiesChanged_;  // of these scripts, not told yet
  Timer tellEntities_;
  ScriptManager manager_;
  std::optional<DbusService> bus_;
};

}  // namespace deskd
