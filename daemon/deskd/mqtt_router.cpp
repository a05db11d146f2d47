// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_router.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "hal/base/error.h"

namespace deskd {
namespace {

constexpr std::uint32_t largestBrokerId = 268435455;  // of MQTT 5's subscription identifiers
constexpr std::size_t mostSeen = 1024;                // topics remembered for each subscription
constexpr std::size_t mostRecent = 256;

void checkQos(int qos) {
  if (qos < 0 || qos > 2)
    throw std::invalid_argument("qos: expected 0, 1 or 2, found " + std::to_string(qos));
}

}  // namespace

MqttRouter::MqttRouter(MqttLink& link, RetainedCache& cache, Deliver deliver,
                       std::function<std::uint64_t()> nowMs)
    : link_(link), cache_(cache), deliver_(std::move(deliver)), nowMs_(std::move(nowMs)) {}

void MqttRouter::subscribe(MqttOwner owner, SubscriptionId id, const std::string& filter,
                           MqttSubscription options, MqttDone done) {
  add({owner, id, filter, options, {}, {}}, std::move(done));
}

void MqttRouter::subscribe(MqttOwner owner, SubscriptionId id, const std::string& filter,
                           MqttSubscription options, std::function<void(const MqttMessage&)> receive) {
  add({owner, id, filter, options, std::move(receive), {}}, {});
}

void MqttRouter::add(Subscription subscription, MqttDone done) {
  checkFilter(subscription.filter);
  checkQos(subscription.options.qos);
  const std::pair name(subscription.owner, subscription.id);
  if (keys_.contains(name)) {
    throw CodedError("ERR_IN_USE", "subscription " + std::to_string(subscription.id) + " exists already");
  }
  const Key key = nextKey_++;
  const std::string text = subscription.filter;
  Filter& filter = filters_[text];
  if (filter.subscribers.empty()) {
    while (filterOfBrokerId_.contains(nextBrokerId_))
      nextBrokerId_ = nextBrokerId_ % largestBrokerId + 1;
    filter.brokerId = nextBrokerId_;
    nextBrokerId_ = nextBrokerId_ % largestBrokerId + 1;
    filterOfBrokerId_[filter.brokerId] = text;
    trie_.add(text, filter.brokerId);
  }
  filter.subscribers.push_back(key);
  keys_[name] = key;
  subscriptions_.emplace(key, std::move(subscription));
  // Also if the broker has the filter already: it then sends its stored messages once more, for the newcomer.
  subscribeAtBroker(text, std::move(done));
}

void MqttRouter::subscribeAtBroker(const std::string& text, MqttDone done) {
  const Filter& filter = filters_.at(text);
  MqttSubscription merged;
  merged.id = filter.brokerId;
  merged.qos = 0;
  merged.wantRetained = false;
  // What comes flagged just because its sender asked for it to be kept would look stored to those who did not
  // ask.
  merged.retainAsPublished = true;
  for (const Key key : filter.subscribers) {
    const MqttSubscription& wish = subscriptions_.at(key).options;
    merged.qos = std::max(merged.qos, wish.qos);
    merged.wantRetained |= wish.wantRetained;
    merged.retainAsPublished &= wish.retainAsPublished;
  }
  link_.subscribe(text, merged, std::move(done));
}

void MqttRouter::unsubscribe(MqttOwner owner, SubscriptionId id) {
  const auto found = keys_.find({owner, id});
  if (found != keys_.end()) erase(found->second);
}

void MqttRouter::erase(Key key) {
  const auto subscription = subscriptions_.find(key);
  const std::string text = subscription->second.filter;
  keys_.erase({subscription->second.owner, subscription->second.id});
  subscriptions_.erase(subscription);
  const auto filter = filters_.find(text);
  std::erase(filter->second.subscribers, key);
  if (!filter->second.subscribers.empty()) return;
  trie_.remove(text, filter->second.brokerId);
  filterOfBrokerId_.erase(filter->second.brokerId);
  filters_.erase(filter);
  link_.unsubscribe(text);
}

void MqttRouter::publish(const std::string& script, MqttMessage message, MqttDone done) {
  checkTopic(message.topic);
  checkQos(message.qos);
  if (!message.retained) return link_.publish(std::move(message), std::move(done));
  const std::string topic = message.topic;
  const bool removed = message.payload.empty();
  const std::vector<std::string>& mine = retainedTopics_[script];
  const bool known = std::find(mine.begin(), mine.end(), topic) != mine.end();
  if (!removed && !known && mine.size() >= maxRetainedTopics) {
    throw CodedError("ERR_QUOTA",
                     "expected at most " + std::to_string(maxRetainedTopics) + " retained topics");
  }
  cache_.put(std::move(message), std::move(done));
  if (known && !removed) return;
  for (auto& [other, topics] : retainedTopics_)
    std::erase(topics, topic);  // the last to publish owns it
  if (!removed) retainedTopics_[script].push_back(topic);
}

void MqttRouter::dropOwner(MqttOwner owner) {
  std::vector<Key> keys;
  for (auto it = keys_.lower_bound({owner, 0}); it != keys_.end() && it->first.first == owner; ++it) {
    keys.push_back(it->second);
  }
  for (const Key key : keys)
    erase(key);
}

void MqttRouter::clearRetained(const std::string& script) {
  const auto topics = retainedTopics_.find(script);
  if (topics == retainedTopics_.end()) return;
  for (const std::string& topic : topics->second)
    cache_.remove(topic);
  retainedTopics_.erase(topics);
}

void MqttRouter::connected() {
  for (auto& [key, subscription] : subscriptions_)
    subscription.seen.clear();
  recent_.clear();
  for (const auto& [script, topics] : retainedTopics_)
    cache_.resend(topics);
}

void MqttRouter::received(const MqttMessage& message) {
  std::vector<Key> keys;
  const auto collect = [&](const std::string& text) {
    const auto filter = filters_.find(text);
    if (filter == filters_.end()) return;
    keys.insert(keys.end(), filter->second.subscribers.begin(), filter->second.subscribers.end());
  };
  if (!message.subscriptionIds.empty()) {
    for (const std::uint32_t id : message.subscriptionIds) {
      const auto text = filterOfBrokerId_.find(id);
      if (text != filterOfBrokerId_.end()) collect(text->second);  // else it was ended meanwhile
    }
  } else {
    std::size_t filters = 0;
    trie_.match(message.topic, [&](TopicTrie::Value id) {
      ++filters;
      collect(filterOfBrokerId_.at(static_cast<std::uint32_t>(id)));
    });
    if (filters > 1 && isCopy(message, filters)) return;
  }
  deliverTo(keys, message);
}

bool MqttRouter::isCopy(const MqttMessage& message, std::size_t filters) {
  const std::uint64_t now = nowMs_();
  if (recent_.size() >= mostRecent) {
    std::erase_if(recent_, [now](const auto& entry) { return entry.second.untilMs < now; });
    if (recent_.size() >= mostRecent) recent_.clear();
  }
  Recent& recent = recent_[message.topic];
  if (now <= recent.untilMs && recent.copiesLeft > 0 && recent.payload == message.payload) {
    --recent.copiesLeft;
    return true;
  }
  recent = {now + duplicateWindowMs, message.payload, filters - 1};
  return false;
}

void MqttRouter::deliverTo(const std::vector<Key>& keys, const MqttMessage& message) {
  for (const Key key : keys) {
    // A receiver may end subscriptions, its own or another's.
    const auto found = subscriptions_.find(key);
    if (found == subscriptions_.end()) continue;
    Subscription& subscription = found->second;
    const bool known = subscription.seen.contains(message.topic);
    if (message.retained && (known || !subscription.options.wantRetained) &&
        !subscription.options.retainAsPublished) {
      continue;
    }
    if (!known && subscription.options.wantRetained && subscription.seen.size() < mostSeen) {
      subscription.seen.insert(message.topic);
    }
    if (subscription.receive) {
      const auto receive = subscription.receive;
      receive(message);
    } else if (deliver_) {
      deliver_(subscription.owner, subscription.id, message);
    }
  }
}

}  // namespace deskd
