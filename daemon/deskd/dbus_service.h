// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "daemon/deskd/dbus_authorization.h"
#include "daemon/deskd/dbus_connection.h"
#include "daemon/deskd/dbus_object.h"
#include "daemon/deskd/manager.h"

namespace deskd {

// The manager and its scripts as objects on D-Bus.
class DbusService {
 public:
  // `where`: see DbusConnection.
  DbusService(Loop& loop, const std::string& where, Manager& manager);
  ~DbusService();

  void start() { connection_.start(); }
  // Something that the manager reports of itself is other than before.
  void changed();
  void scriptAdded(const std::string& name);
  void scriptChanged(const std::string& name);
  // While the manager still knows it.
  void scriptRemoved(const std::string& name);

 private:
  void opened(sd_bus* bus);
  void closing();
  void add(const std::string& name);

  Manager& manager_;
  DbusAuthorization authorization_;
  DbusSlot objectManager_;
  std::unique_ptr<DbusObject> root_;                            // none without a bus, as are the scripts'
  std::map<std::string, std::unique_ptr<DbusObject>> objects_;  // by script
  DbusConnection connection_;                                   // before what lives on it goes
};

}  // namespace deskd
