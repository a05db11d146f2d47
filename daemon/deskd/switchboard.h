// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/deskd/device_claims.h"
#include "daemon/deskd/hub.h"
#include "daemon/deskd/mqtt_router.h"
#include "daemon/deskd/script.h"
#include "daemon/deskd/script_storage.h"
#include "daemon/deskd/script_traffic.h"

namespace deskd {

// Carries what scripts' processes say to the broker and the hub, and what these have for them. Processes have
// numbers, by which router and hub know them as owners.
class Switchboard {
 public:
  struct Scripts {
    std::function<Script*(const std::string& name)> find;  // null: there is none
    std::function<void(const std::string& name, const wire::Fields& files)> imports;
    std::function<void(const std::string& name)> entitiesChanged;
  };

  // All outlive it.
  Switchboard(Loop& loop, MqttRouter& router, Hub& hub, ScriptStorage& storage, DeviceClaims& claims,
              Scripts scripts);

  // A number for a process of the script.
  std::uint64_t add(const std::string& script);
  // Which device it has if it declares one, and its title if the settings name one.
  void setDevice(std::uint64_t process, const std::string& id, const std::string& title);
  // How much it may say. Before it says anything.
  void setBudget(std::uint64_t process, ScriptTraffic::Budget budget);
  // Which topics it may publish to beside those of its device, and which it may subscribe to.
  void setTopics(std::uint64_t process, std::vector<std::string> publish, std::vector<std::string> subscribe);
  const std::string& deviceOf(std::uint64_t process) { return devices_[process].id; }
  // Whether it has declared a device that is another script's.
  bool waits(std::uint64_t process) const;
  // It has declared all it will.
  void running(std::uint64_t process);
  void ended(std::uint64_t process);

  // False: the process is gone, or does not keep up.
  bool send(std::uint64_t process, const wire::Any& message);
  void fromHost(Script& script, std::uint64_t process, wire::Any&& message);
  void deliver(std::uint64_t process, SubscriptionId id, const MqttMessage& message);
  void command(std::uint64_t process, const std::string& property, const std::string& payload);

 private:
  struct Topics {  // that a process may use, as filters
    std::vector<std::string> publish;
    std::vector<std::string> subscribe;
  };
  struct Device {  // of one process
    std::string id;
    std::string title;
    bool declared = false;
    bool waits = false;     // for its id, which is another script's
    bool available = true;  // what the script itself says
    bool running = false;
    std::uint64_t lostMessages = 0;  // that its process did not take, since it last took one
  };

  void toHub(const std::string& script, std::uint64_t process, wire::Any& message);
  void logLine(const Script& script, std::uint64_t process, wire::Log& line);
  void publish(const std::string& script, std::uint64_t process, wire::Publish& wanted);
  void subscribe(const std::string& script, std::uint64_t process, const wire::Subscribe& wanted);
  void declareDevice(const std::string& script, std::uint64_t process, const std::string& infoJson);
  void updateAvailability(std::uint64_t process);
  MqttDone answerTo(std::uint64_t process, std::uint32_t request);

  Loop& loop_;
  MqttRouter& router_;
  Hub& hub_;
  ScriptStorage& storage_;
  DeviceClaims& claims_;
  const Scripts scripts_;
  std::map<std::uint64_t, Device> devices_;
  std::map<std::uint64_t, Topics> topics_;
  std::map<std::uint64_t, ScriptTraffic> traffic_;
  std::map<std::uint64_t, std::string> scriptOf_;  // by process
  std::uint64_t lastProcess_ = 0;
};

}  // namespace deskd
