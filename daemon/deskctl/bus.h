// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/deskctl/overview.h"

struct sd_bus;

namespace deskd {

// deskd as a client sees it. What it throws are CommandErrors, worded for a person.
class Bus {
 public:
  // `where`: "system", "session" or a D-Bus address.
  explicit Bus(const std::string& where);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // Without scripts().
  Overview overview();
  std::vector<ScriptRow> scripts();
  std::vector<MessageRow> recentMessages();
  // One of the manager's methods, which take strings and return nothing.
  void call(const std::string& method, const std::vector<std::string>& arguments);

 private:
  sd_bus* bus_ = nullptr;
};

}  // namespace deskd
