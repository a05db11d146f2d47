// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/dbus_object.h"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "daemon/deskd/dbus_error.h"
#include "daemon/deskd/dbus_introspection.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

// Not the standard AccessDenied, for which busctl prints a text of its own.
constexpr const char* notAllowed = "org.deskd.Error.NotAllowed";
constexpr const char* failedError = "org.freedesktop.DBus.Error.Failed";

struct MessageDelete {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::shared_ptr<sd_bus_message>;

struct Append {
  sd_bus_message* reply;
  int operator()(bool value) const { return sd_bus_message_append(reply, "b", static_cast<int>(value)); }
  int operator()(std::uint32_t value) const { return sd_bus_message_append(reply, "u", value); }
  int operator()(std::uint64_t value) const { return sd_bus_message_append(reply, "t", value); }
  int operator()(const std::string& value) const {
    return sd_bus_message_append(reply, "s", busText(value).c_str());
  }
  int operator()(const std::vector<std::string>& values) const {
    if (const int result = sd_bus_message_open_container(reply, 'a', "s"); result < 0) return result;
    for (const std::string& value : values)
      if (const int result = (*this)(value); result < 0) return result;
    return sd_bus_message_close_container(reply);
  }
};

int replyError(sd_bus_message* message, const std::string& name, const std::string& text) {
  return sd_bus_reply_method_errorf(message, name.c_str(), "%s", busText(text).c_str());
}

// No exception may reach sd-bus.
template <class Action>
int answering(sd_bus_message* message, const Action& action) noexcept {
  try {
    return action();
  } catch (const ManagerError& error) {
    return replyError(message, "org.deskd.Error." + error.kind(), error.what());
  } catch (const std::exception& error) {
    return replyError(message, failedError, error.what());
  }
}

// The address of the format's number is how a program says that it knows of parameters' names.
sd_bus_vtable beginning() {
  sd_bus_vtable entry{};
  entry.type = _SD_BUS_VTABLE_START;
  entry.x.start.element_size = sizeof(sd_bus_vtable);
  entry.x.start.features = _SD_BUS_VTABLE_PARAM_NAMES;
  entry.x.start.vtable_format_reference = &sd_bus_object_vtable_format;
  return entry;
}

std::uint64_t flagsOf(DbusChange change) {
  switch (change) {
    case DbusChange::never:
      return SD_BUS_VTABLE_PROPERTY_CONST;
    case DbusChange::signalled:
      return SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;
    case DbusChange::unsignalled:
      return 0;
  }
  return 0;
}

void run(const DbusMethod& method, Manager& manager, const std::string& script,
         const std::vector<std::string>& arguments, sd_bus_message* message) {
  sd_bus_message* made = nullptr;
  checkBus(sd_bus_message_new_method_return(message, &made), "answer");
  const std::unique_ptr<sd_bus_message, MessageDelete> reply(made);
  method.run(manager, script, arguments, made);
  checkBus(sd_bus_send(nullptr, made, nullptr), "answer");
}

}  // namespace

DbusObject::DbusObject(sd_bus* bus, Context context, const DbusInterface& interface, std::string path,
                       std::string script)
    : bus_(bus),
      context_(std::move(context)),
      interface_(interface),
      path_(std::move(path)),
      script_(std::move(script)) {
  // sd-bus keeps the strings' addresses: those of the interface's tables, which last.
  vtable_.push_back(beginning());
  for (const DbusMethod& method : interface_.methods) {
    sd_bus_vtable entry{};
    entry.type = _SD_BUS_VTABLE_METHOD;
    entry.flags = SD_BUS_VTABLE_UNPRIVILEGED;  // who may call it is our question
    entry.x.method.member = method.name;
    entry.x.method.signature = method.arguments.empty() ? "" : "s";
    entry.x.method.result = method.results.empty() ? "" : method.results.front().signature;
    entry.x.method.handler = [](sd_bus_message* message, void* self, sd_bus_error*) noexcept {
      return answering(message, [&] { return static_cast<DbusObject*>(self)->call(message); });
    };
    entry.x.method.names = "";
    vtable_.push_back(entry);
  }
  for (const DbusProperty& property : interface_.properties) {
    sd_bus_vtable entry{};
    entry.type = _SD_BUS_VTABLE_PROPERTY;
    entry.flags = flagsOf(property.change);
    entry.x.property.member = property.name;
    entry.x.property.signature = property.signature;
    entry.x.property.get = [](sd_bus*, const char*, const char*, const char* name, sd_bus_message* reply,
                              void* self, sd_bus_error* error) noexcept {
      try {
        return static_cast<const DbusObject*>(self)->get(name, reply);
      } catch (const std::exception& problem) {
        return sd_bus_error_set(error, failedError, problem.what());
      }
    };
    vtable_.push_back(entry);
  }
  sd_bus_vtable last{};
  last.type = _SD_BUS_VTABLE_END;
  vtable_.push_back(last);

  sd_bus_slot* slot = nullptr;
  checkBus(sd_bus_add_object_vtable(bus, &slot, path_.c_str(), interface_.name, vtable_.data(), this),
           "offer " + path_);
  vtableSlot_.reset(slot);
  // Before the table, and before sd-bus's own answer.
  checkBus(sd_bus_add_object(
               bus, &slot, path_.c_str(),
               [](sd_bus_message* message, void* self, sd_bus_error*) noexcept {
                 if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Introspectable",
                                                   "Introspect") <= 0)
                   return 0;
                 return answering(message,
                                  [&] { return static_cast<const DbusObject*>(self)->introspect(message); });
               },
               this),
           "offer " + path_);
  introspectSlot_.reset(slot);
  for (const DbusProperty& property : interface_.properties)
    if (property.change == DbusChange::signalled) signalled_[property.name] = valueOf(property);
}

DbusObject::~DbusObject() = default;

void DbusObject::changed() {
  std::vector<char*> names;
  for (const DbusProperty& property : interface_.properties) {
    if (property.change != DbusChange::signalled) continue;
    DbusValue value = valueOf(property);
    if (std::exchange(signalled_[property.name], value) == value) continue;
    names.push_back(const_cast<char*>(property.name));
  }
  if (names.empty()) return;
  names.push_back(nullptr);
  sd_bus_emit_properties_changed_strv(bus_, path_.c_str(), interface_.name, names.data());
}

const DbusProperty* DbusObject::propertyNamed(const std::string& name) const {
  const auto found = std::find_if(interface_.properties.begin(), interface_.properties.end(),
                                  [&](const DbusProperty& other) { return other.name == name; });
  return found == interface_.properties.end() ? nullptr : &*found;
}

const DbusMethod* DbusObject::methodNamed(const std::string& name) const {
  const auto found = std::find_if(interface_.methods.begin(), interface_.methods.end(),
                                  [&](const DbusMethod& other) { return other.name == name; });
  return found == interface_.methods.end() ? nullptr : &*found;
}

DbusValue DbusObject::valueOf(const DbusProperty& property) const {
  return property.get(context_.manager, script_);
}

int DbusObject::get(const std::string& name, sd_bus_message* reply) const {
  const DbusProperty* wanted = propertyNamed(name);
  return wanted == nullptr ? 0 : std::visit(Append{reply}, valueOf(*wanted));
}

int DbusObject::call(sd_bus_message* message) {
  const DbusMethod* wanted = methodNamed(sd_bus_message_get_member(message));
  if (wanted == nullptr) return 0;
  std::vector<std::string> arguments;
  for (std::size_t count = 0; count < wanted->arguments.size(); ++count) {
    const char* text = nullptr;
    checkBus(sd_bus_message_read(message, "s", &text), "read the arguments");
    arguments.emplace_back(text);
  }
  if (wanted->access == DbusAccess::everyone) {
    run(*wanted, context_.manager, script_, arguments, message);
    return 1;
  }
  // The object may be gone before the answer comes; the manager, which owns the asking, is not.
  const Message kept(sd_bus_message_ref(message), MessageDelete());
  context_.authorization.check(message, [kept, wanted, &manager = context_.manager, script = script_,
                                         arguments](const std::string& refusal) {
    answering(kept.get(), [&] {
      if (!refusal.empty()) return replyError(kept.get(), notAllowed, refusal);
      run(*wanted, manager, script, arguments, kept.get());
      return 1;
    });
  });
  return 1;
}

int DbusObject::introspect(sd_bus_message* message) const {
  return sd_bus_reply_method_return(message, "s", introspection(interface_, context_.children()).c_str());
}

}  // namespace deskd
