// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "daemon/deskctl/bus.h"
#include "daemon/deskctl/command.h"
#include "daemon/deskctl/mqtt_text.h"

namespace deskd {
namespace {

int mqtt(const Context& context) {
  Bus bus(context.bus);
  const Overview overview = bus.overview();
  const std::vector<MessageRow> messages = bus.recentMessages();
  std::fputs((context.json ? mqttJson(overview, messages) : mqttText(overview, messages)).c_str(), stdout);
  return exitGood;
}

}  // namespace

void addMqtt(Commands& commands) {
  commands.add("mqtt", "Show the broker and the last 20 messages", mqtt);
}

}  // namespace deskd
