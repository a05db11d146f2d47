// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/deskd/manager.h"

struct sd_bus_message;

namespace deskd {

using DbusValue = std::variant<bool, std::uint32_t, std::uint64_t, std::string, std::vector<std::string>>;

// How others learn of a property's new value.
enum class DbusChange { never, signalled, unsignalled };

struct DbusProperty {
  const char* name;
  const char* signature;
  DbusChange change;
  const char* description;
  // `script` is empty for the manager's own. Throws ManagerError.
  DbusValue (*get)(const Manager& manager, const std::string& script);
};

struct DbusArgument {
  const char* name;
  const char* signature;
};

enum class DbusAccess { everyone, administrators };

struct DbusMethod {
  const char* name;
  std::vector<const char*> arguments;  // strings, all of them
  std::vector<DbusArgument> results;
  DbusAccess access;
  const char* description;
  // Fills the reply. Throws ManagerError.
  void (*run)(Manager& manager, const std::string& script, const std::vector<std::string>& arguments,
              sd_bus_message* reply);
};

// What an object offers; vtable and introspection are made of it.
struct DbusInterface {
  const char* name;
  const char* description;
  std::vector<DbusProperty> properties;
  std::vector<DbusMethod> methods;
};

inline constexpr const char* managerPath = "/org/deskd/Manager1";
inline constexpr const char* managerBusName = "org.deskd.Manager1";

const DbusInterface& managerInterface();
const DbusInterface& scriptInterface();
std::string scriptPath(const std::string& name);

}  // namespace deskd
