// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub_announcer.h"

#include <algorithm>
#include <utility>

namespace deskd {

HubAnnouncer::HubAnnouncer(Loop& loop, const HubOptions& options, const HubDiscovery& discovery,
                           Devices& devices, HubTopics& topics)
    : loop_(loop),
      options_(options),
      discovery_(discovery),
      devices_(devices),
      topics_(topics),
      timer_(loop, [this] { announce(); }) {}

void HubAnnouncer::soon(const std::string& id) {
  if (options_.discovery == Discovery::off) return;
  dirty_.insert(id);
  timer_.start(options_.discovery == Discovery::device ? options_.deviceDelay : options_.entityDelay);
}

void HubAnnouncer::wake() {
  if (!timer_.active()) timer_.start(options_.entityDelay);
}

void HubAnnouncer::announce() {
  const std::set<std::string> ids = std::exchange(dirty_, {});
  Milliseconds again(0);
  for (const std::string& id : ids) {
    const Milliseconds wait = untilDue(id);
    if (wait > Milliseconds(0)) {
      dirty_.insert(id);
      again = again == Milliseconds(0) ? wait : std::min(again, wait);
    } else {
      now(id);
    }
  }
  topics_.flush();
  if (!dirty_.empty()) timer_.start(again);
}

Milliseconds HubAnnouncer::untilDue(const std::string& id) const {
  const HubDeviceState& device = devices_.at(id);
  if (options_.discovery != Discovery::device || !device.announcedAtMs) return Milliseconds(0);
  const auto due = *device.announcedAtMs + static_cast<std::uint64_t>(options_.deviceGap.count());
  const std::uint64_t now = loop_.nowMs();
  return Milliseconds(due > now ? static_cast<std::int64_t>(due - now) : 0);
}

void HubAnnouncer::now(const std::string& id) {
  HubDeviceState& device = devices_.at(id);
  if (options_.discovery == Discovery::device) {
    if (untilDue(id) > Milliseconds(0)) return soon(id);
    announceDevice(device);
  } else if (options_.discovery == Discovery::entity) {
    for (const HubDeviceState::Property& property : device.properties) {
      const CheckedEntity& entity = property.entity;
      topics_.announce(discovery_.entityConfigTopic(entity.component, id, entity.property),
                       discovery_.entityConfig(id, device.about, entity), {});
    }
  }
  dirty_.erase(id);
}

void HubAnnouncer::announceDevice(HubDeviceState& device) {
  if (device.properties.empty() && device.removed.empty()) return;
  const bool sent = topics_.announce(discovery_.deviceConfigTopic(device.id), device.config(discovery_),
                                     device.components());
  if (sent) device.announcedAtMs = loop_.nowMs();
}

}  // namespace deskd
