// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/retained_cache.h"

#include <algorithm>
#include <utility>

#include "hal/base/error.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

MqttResult stored() {
  MqttResult result;
  result.stored = true;
  return result;
}

}  // namespace

RetainedCache::RetainedCache(MqttLink& link, Bounds bounds)
    : link_(link), bounds_(bounds), alive_(std::make_shared<Alive>()) {}

void RetainedCache::put(MqttMessage message, MqttDone done) {
  message.retained = true;
  const auto known = entries_.find(message.topic);
  const std::size_t before =
      known == entries_.end() ? 0 : known->second.message.topic.size() + known->second.message.payload.size();
  const std::size_t after = message.topic.size() + message.payload.size();
  // Removing is always possible: it makes room.
  if (!message.payload.empty()) {
    if (known == entries_.end() && entries_.size() >= bounds_.topics) {
      throw CodedError("ERR_QUOTA",
                       "there are " + std::to_string(entries_.size()) + " retained topics already");
    }
    if (bytes_ - before + after > bounds_.bytes) {
      throw CodedError("ERR_QUOTA", "retained topics hold " + std::to_string(bytes_) + " of " +
                                        std::to_string(bounds_.bytes) + " bytes already");
    }
  }

  Entry& entry = known == entries_.end() ? entries_[message.topic] : known->second;
  if (entry.order == 0) entry.order = nextSequence_;
  bytes_ = bytes_ - before + after;
  entry.message = std::move(message);
  entry.sequence = nextSequence_++;
  const MqttDone overtaken = std::exchange(entry.done, std::move(done));
  if (!entry.queued) enqueue(entry);
  pump();
  if (overtaken) overtaken(stored());
}

const std::string* RetainedCache::find(const std::string& topic) const {
  const auto found = entries_.find(topic);
  return found == entries_.end() || found->second.message.payload.empty() ? nullptr
                                                                          : &found->second.message.payload;
}

void RetainedCache::resend(const std::vector<std::string>& topics) {
  for (const std::string& topic : topics) {
    const auto found = entries_.find(topic);
    if (found == entries_.end()) continue;
    if (found->second.queued) queue_.erase(found->second.place);
    enqueue(found->second);
  }
  pump();
}

void RetainedCache::resendAll() {
  std::vector<const Entry*> all;
  for (const auto& [topic, entry] : entries_)
    all.push_back(&entry);
  std::sort(all.begin(), all.end(), [](const Entry* a, const Entry* b) { return a->order < b->order; });
  std::vector<std::string> topics;
  topics.reserve(all.size());
  for (const Entry* entry : all)
    topics.push_back(entry->message.topic);
  resend(topics);
}

void RetainedCache::enqueue(Entry& entry) {
  entry.queued = true;
  entry.place = queue_.insert(queue_.end(), entry.message.topic);
}

void RetainedCache::pump() {
  while (link_.connected() && inFlight_ < bounds_.inFlight && !queue_.empty()) {
    const std::string topic = queue_.front();
    queue_.pop_front();
    Entry& entry = entries_.at(topic);
    entry.queued = false;
    ++inFlight_;
    auto answer = [this, topic, sequence = entry.sequence, done = std::exchange(entry.done, nullptr),
                   alive = std::weak_ptr<Alive>(alive_)](const MqttResult& result) {
      if (!alive.expired()) answered(topic, sequence, done, result);
    };
    link_.publish(entry.message, std::move(answer));
  }
  if (link_.connected()) return;
  // Whoever waits is told that the value is kept.
  std::vector<MqttDone> waiting;
  for (const std::string& topic : queue_) {
    Entry& entry = entries_.at(topic);
    if (entry.done) waiting.push_back(std::exchange(entry.done, nullptr));
  }
  for (const MqttDone& done : waiting)
    done(stored());
}

void RetainedCache::answered(const std::string& topic, std::uint64_t sequence, const MqttDone& done,
                             const MqttResult& result) {
  --inFlight_;
  const auto found = entries_.find(topic);
  const bool current = found != entries_.end() && found->second.sequence == sequence;
  const bool unsent =
      result.code == "ERR_OFFLINE" || result.code == "ERR_QUEUE_FULL" || result.code == "ERR_CLOSED";
  if (current && unsent) {
    if (!found->second.queued) enqueue(found->second);
  } else if (current && (!result.ok() || found->second.message.payload.empty()) && !found->second.queued) {
    bytes_ -= topic.size() + found->second.message.payload.size();
    entries_.erase(found);
  }
  if (!unsent && !result.ok()) refused(topic, result);
  if (result.code != "ERR_QUEUE_FULL") pump();  // else with the next answer or value
  if (done) done(unsent ? stored() : result);
}

void RetainedCache::refused(const std::string& topic, const MqttResult& result) {
  constexpr std::size_t most = 1000;
  if (refused_.size() >= most || !refused_.insert(topic).second) return;
  log(Priority::warning, "the broker refuses to keep " + topic + ": " + result.message);
}

}  // namespace deskd
