// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/hub_topics.h"

#include <utility>

namespace deskd {
namespace {

RetainedCache::Bounds cacheBounds() {
  RetainedCache::Bounds bounds;
  bounds.topics = 100000;  // devices and their entities are bounded; this is only a last resort
  bounds.bytes = 64 * 1024 * 1024;
  return bounds;
}

}  // namespace

MqttMessage hubMessage(const std::string& topic, const std::string& payload, bool retained) {
  MqttMessage message;
  message.topic = topic;
  message.payload = payload;
  message.retained = retained;
  return message;
}

HubTopics::HubTopics(MqttLink& link, const std::string& directory, std::function<void()> changed)
    : changed_(std::move(changed)),
      cache_(link, cacheBounds()),
      journal_(directory),
      stale_(journal_.topics()),
      earlier_(stale_) {}

void HubTopics::keep(const std::string& topic, const std::string& payload) {
  stale_.erase(topic);
  if (!journal_.topics().contains(topic)) {
    journal_.add(topic);
    changed_();
  }
  cache_.put(hubMessage(topic, payload, true));
}

void HubTopics::keepStale(const std::string& topic, const std::string& payload) {
  cache_.put(hubMessage(topic, payload, true));
}

bool HubTopics::announce(const std::string& topic, const std::string& config, Components components) {
  stale_.erase(topic);
  journal_.add(topic, std::move(components));
  const std::string* known = cache_.find(topic);
  if (known != nullptr && *known == config) return false;
  journal_.flush();
  cache_.put(hubMessage(topic, config, true));
  return true;
}

void HubTopics::clear(const std::string& topic) {
  stale_.erase(topic);
  cache_.put(hubMessage(topic, "", true), [this, topic](const MqttResult& result) {
    if (result.stored || !result.ok() || cache_.find(topic) != nullptr) return;
    journal_.remove(topic);
    changed_();
  });
}

void HubTopics::clearThose(const ByTopic& topics, const Which& which) {
  std::vector<std::string> those;
  for (const auto& [topic, components] : topics)
    if (which(topic)) those.push_back(topic);
  for (const std::string& topic : those)
    clear(topic);
}

HubTopics::Components HubTopics::takeEarlier(const std::string& topic) {
  const auto found = earlier_.find(topic);
  if (found == earlier_.end()) return {};
  Components components = std::move(found->second);
  earlier_.erase(found);
  return components;
}

}  // namespace deskd
