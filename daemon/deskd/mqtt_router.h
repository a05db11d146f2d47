// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daemon/deskd/mqtt_link.h"
#include "daemon/deskd/retained_cache.h"
#include "daemon/deskd/topic_filter.h"

namespace deskd {

// Whoever publishes and subscribes: a script's host by its number, or a part of the supervisor. 0 is the hub.
using MqttOwner = std::uint64_t;
using SubscriptionId = std::uint32_t;  // chosen by the owner

// Shares the one connection among owners.
//
// - Each of an owner's subscriptions gets one copy of every message it matches, also where filters overlap.
// Under MQTT
//   5 that is exact. Under 3.1.1 a broker may send a message once or once per filter; where filters of
//   different text overlap, equal messages that arrive within duplicateWindowMs count as copies of one.
// - A new subscription receives what the broker has stored, also when another owner has the same filter;
// owners that
//   have seen a stored message are not given it again until the next connection.
// - publish(): retained messages go through the cache: they are the topic's latest value until replaced.
// Others are
//   sent now or refused (ERR_OFFLINE, ERR_QUEUE_FULL): commands and events are never queued. Retained topics
//   belong to the script, by its name, over all its processes: a new version takes over what the last one
//   kept.
// - A broker's subscription ends when its last owner's does.
class MqttRouter {
 public:
  using Deliver = std::function<void(MqttOwner, SubscriptionId, const MqttMessage&)>;
  static constexpr std::uint64_t duplicateWindowMs = 20;
  static constexpr std::size_t maxRetainedTopics = 512;  // of one script; more end in CodedError ERR_QUOTA

  // `deliver` is called for owners other than those with handlers of their own. `nowMs` is a clock that never
  // jumps.
  MqttRouter(MqttLink& link, RetainedCache& cache, Deliver deliver, std::function<std::uint64_t()> nowMs);

  // Throws std::invalid_argument for a bad filter, CodedError ERR_IN_USE if the owner uses that id already.
  void subscribe(MqttOwner owner, SubscriptionId id, const std::string& filter, MqttSubscription options,
                 MqttDone done = {});
  // Gives an owner inside the supervisor its own receiver.
  void subscribe(MqttOwner owner, SubscriptionId id, const std::string& filter, MqttSubscription options,
                 std::function<void(const MqttMessage&)> receive);
  void unsubscribe(MqttOwner owner, SubscriptionId id);
  // Throws std::invalid_argument for a bad topic or quality of service.
  void publish(const std::string& script, MqttMessage message, MqttDone done = {});
  // Ends its subscriptions.
  void dropOwner(MqttOwner owner);
  // Removes what a script keeps at the broker.
  void clearRetained(const std::string& script);

  // Wired to the client's handlers.
  void connected();
  void received(const MqttMessage& message);

  std::size_t subscriptions() const { return subscriptions_.size(); }

 private:
  using Key = std::uint64_t;  // of a subscription, never reused
  struct Subscription {
    MqttOwner owner = 0;
    SubscriptionId id = 0;
    std::string filter;
    MqttSubscription options;
    std::function<void(const MqttMessage&)> receive;
    std::unordered_set<std::string> seen;  // topics whose stored message it has, up to a bound
  };
  struct Filter {
    std::uint32_t brokerId = 0;
    std::vector<Key> subscribers;
  };
  // The last message of a topic that filters of different text match, while its copies may still come.
  struct Recent {
    std::uint64_t untilMs = 0;
    std::string payload;
    std::size_t copiesLeft = 0;
  };

  void add(Subscription subscription, MqttDone done);
  void erase(Key key);
  void subscribeAtBroker(const std::string& text, MqttDone done);
  // Whether this is one more copy, under 3.1.1, of a message that was delivered to all of `filters` already.
  bool isCopy(const MqttMessage& message, std::size_t filters);
  void deliverTo(const std::vector<Key>& keys, const MqttMessage& message);

  MqttLink& link_;
  RetainedCache& cache_;
  Deliver deliver_;
  std::function<std::uint64_t()> nowMs_;
  std::map<Key, Subscription> subscriptions_;
  std::map<std::pair<MqttOwner, SubscriptionId>, Key> keys_;
  std::map<std::string, Filter> filters_;
  std::map<std::uint32_t, std::string> filterOfBrokerId_;
  TopicTrie trie_;  // of filters_, by brokerId
  // By script, in the order of their first values.
  std::map<std::string, std::vector<std::string>> retainedTopics_;
  std::unordered_map<std::string, Recent> recent_;
  Key nextKey_ = 1;
  std::uint32_t nextBrokerId_ = 1;
};

}  // namespace deskd
