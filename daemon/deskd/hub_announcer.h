// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

#include "daemon/deskd/hub.h"
#include "daemon/deskd/hub_device.h"
#include "daemon/deskd/hub_discovery.h"
#include "daemon/deskd/hub_topics.h"
#include "hal/base/loop.h"

namespace deskd {

// Publishes the configurations by which a hub finds devices: declarations that come together at once, and a
// device configuration not too often (HubOptions).
class HubAnnouncer {
 public:
  using Devices = std::map<std::string, HubDeviceState>;

  // All outlive it.
  HubAnnouncer(Loop& loop, const HubOptions& options, const HubDiscovery& discovery, Devices& devices,
               HubTopics& topics);

  // The device is known, and stays so until it is forgotten.
  void soon(const std::string& id);
  void now(const std::string& id);
  void forget(const std::string& id) { dirty_.erase(id); }
  // The topics' journal shall be written.
  void wake();
  void stop() { timer_.stop(); }

 private:
  void announce();
  Milliseconds untilDue(const std::string& id) const;
  void announceDevice(HubDeviceState& device);

  Loop& loop_;
  const HubOptions& options_;
  const HubDiscovery& discovery_;
  Devices& devices_;
  HubTopics& topics_;
  std::set<std::string> dirty_;
  Timer timer_;
};

}  // namespace deskd
