// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deskd {

// Throw std::invalid_argument saying why `topic` cannot be published to, or `filter` not subscribed, by the
// rules of MQTT: UTF-8, 1 to 65535 bytes, no NUL; in a topic no wildcards; in a filter "+" and "#" only as
// whole levels and "#" only last. Shared subscriptions ("$share/...") are refused: their messages arrive
// under other topics.
void checkTopic(std::string_view topic);
void checkFilter(std::string_view filter);

// Whether a valid topic falls under a valid filter. A topic that begins with "$" is not matched by a leading
// wildcard.
bool topicMatches(std::string_view filter, std::string_view topic);

// Whether everything that falls under the valid filter `narrow` falls under the valid filter `wide`.
bool filterCovers(std::string_view wide, std::string_view narrow);

// Values filed under filters, found by topic in time that depends on the topic's depth and the number of
// matches.
class TopicTrie {
 public:
  using Value = std::uint64_t;

  TopicTrie();
  ~TopicTrie();
  TopicTrie(const TopicTrie&) = delete;
  TopicTrie& operator=(const TopicTrie&) = delete;

  // The same value may be filed under many filters, and is found once for each that matches.
  void add(std::string_view filter, Value value);
  // False if it was not there.
  bool remove(std::string_view filter, Value value);
  void match(std::string_view topic, const std::function<void(Value)>& found) const;
  bool empty() const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace deskd
