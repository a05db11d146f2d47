// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/dbus_service.h"

#include <systemd/sd-bus.h>

#include <exception>
#include <utility>

#include "daemon/deskd/dbus_error.h"
#include "hal/base/log.h"

namespace deskd {

DbusService::DbusService(Loop& loop, const std::string& where, Manager& manager)
    : manager_(manager),
      connection_(loop, where, managerBusName,
                  {[this](sd_bus* bus) { opened(bus); }, [this] { closing(); }}) {}

DbusService::~DbusService() = default;

void DbusService::opened(sd_bus* bus) {
  sd_bus_slot* slot = nullptr;
  checkBus(sd_bus_add_object_manager(bus, &slot, managerPath), "offer the objects");
  objectManager_.reset(slot);
  root_ = std::make_unique<DbusObject>(bus,
                                       DbusObject::Context{manager_, authorization_,
                                                           [this] {
                                                             return objects_.empty()
                                                                        ? std::vector<std::string>{}
                                                                        : std::vector<std::string>{"script"};
                                                           }},
                                       managerInterface(), managerPath, "");
  for (const std::string& name : manager_.scripts())
    add(name);
}

void DbusService::closing() {
  authorization_.clear();
  objects_.clear();
  root_.reset();
  objectManager_.reset();
}

void DbusService::add(const std::string& name) {
  objects_[name] = std::make_unique<DbusObject>(
      connection_.bus(),
      DbusObject::Context{manager_, authorization_, [] { return std::vector<std::string>{}; }},
      scriptInterface(), scriptPath(name), name);
}

void DbusService::changed() {
  if (root_) root_->changed();
}

void DbusService::scriptAdded(const std::string& name) {
  if (!root_ || objects_.contains(name)) return;
  try {
    add(name);
    sd_bus_emit_object_added(connection_.bus(), objects_[name]->path().c_str());
  } catch (const std::exception& error) {
    objects_.erase(name);
    log(Priority::warning, std::string("D-Bus: ") + error.what(), {{"SCRIPT", name}});
  }
}

void DbusService::scriptChanged(const std::string& name) {
  const auto found = objects_.find(name);
  if (found != objects_.end()) found->second->changed();
  changed();
}

void DbusService::scriptRemoved(const std::string& name) {
  const auto found = objects_.find(name);
  if (found == objects_.end()) return;
  sd_bus_emit_object_removed(connection_.bus(), found->second->path().c_str());
  objects_.erase(found);
}

}  // namespace deskd
