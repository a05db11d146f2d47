// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/deskd/dbus_authorization.h"
#include "daemon/deskd/dbus_connection.h"
#include "daemon/deskd/dbus_interface.h"
#include "daemon/deskd/manager.h"

struct sd_bus_vtable;

namespace deskd {

// One object with one interface of ours: answers calls from the manager, and tells of properties that change.
class DbusObject {
 public:
  struct Context {
    Manager& manager;
    DbusAuthorization& authorization;
    std::function<std::vector<std::string>()> children;  // nodes below it
  };

  // `script`: which one it is; empty for the manager. Throws std::system_error.
  DbusObject(sd_bus* bus, Context context, const DbusInterface& interface, std::string path,
             std::string script);
  ~DbusObject();
  DbusObject(const DbusObject&) = delete;
  DbusObject& operator=(const DbusObject&) = delete;

  const std::string& path() const { return path_; }
  // Signals those that are other than when it was last called.
  void changed();

 private:
  const DbusProperty* propertyNamed(const std::string& name) const;
  const DbusMethod* methodNamed(const std::string& name) const;
  DbusValue valueOf(const DbusProperty& property) const;
  int get(const std::string& name, sd_bus_message* reply) const;
  int call(sd_bus_message* message);
  int introspect(sd_bus_message* message) const;

  sd_bus* const bus_;
  const Context context_;
  const DbusInterface& interface_;
  const std::string path_;
  const std::string script_;
  std::map<std::string, DbusValue> signalled_;
  std::vector<sd_bus_vtable> vtable_;
  DbusSlot introspectSlot_;
  DbusSlot vtableSlot_;  // before the table goes
};

}  // namespace deskd
