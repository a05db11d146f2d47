// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/topic_filter.h"

#include <algorithm>
#include <stdexcept>

#include "hal/base/utf8.h"

namespace deskd {
namespace {

constexpr std::size_t longestBytes = 65535;
// MQTT has no such limit. It bounds the recursion over a trie, and no real filter comes near.
constexpr std::size_t deepestFilter = 128;

[[noreturn]] void refuse(const char* what, std::string_view text, const std::string& why) {
  constexpr std::size_t shown = 80;
  const std::string excerpt =
      text.size() > shown ? std::string(text.substr(0, shown)) + "..." : std::string(text);
  throw std::invalid_argument(std::string(what) + " \"" + excerpt + "\": " + why);
}

void checkText(const char* what, std::string_view text) {
  if (text.empty()) refuse(what, text, "expected at least one character, found none");
  if (text.size() > longestBytes) {
    refuse(what, text, "expected at most 65535 bytes, found " + std::to_string(text.size()));
  }
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos)
    refuse(what, text.substr(0, nul), "a NUL character follows, which MQTT forbids");
  if (!isUtf8(text)) throw std::invalid_argument(std::string(what) + ": expected UTF-8, found other bytes");
}

// The first level of `rest`; `rest` becomes what follows it, and `more` tells "a/" (a level follows) from
// "a".
std::string_view takeLevel(std::string_view& rest, bool& more) {
  const std::size_t slash = rest.find('/');
  more = slash != std::string_view::npos;
  const std::string_view level = rest.substr(0, slash);
  rest = more ? rest.substr(slash + 1) : std::string_view();
  return level;
}

}  // namespace

void checkTopic(std::string_view topic) {
  checkText("topic", topic);
  const std::size_t wildcard = topic.find_first_of("+#");
  if (wildcard != std::string_view::npos) {
    refuse("topic", topic,
           std::string("wildcards are only for subscribing, found \"") + topic[wildcard] + "\"");
  }
}

void checkFilter(std::string_view filter) {
  checkText("topic filter", filter);
  if (filter.starts_with("$share/")) {
    refuse("topic filter", filter, "shared subscriptions are not supported");
  }
  bool more = true;
  std::size_t depth = 0;
  for (std::string_view rest = filter; more;) {
    const std::string_view level = takeLevel(rest, more);
    if (++depth > deepestFilter) refuse("topic filter", filter, "expected at most 128 levels");
    if (level.find('+') != std::string_view::npos && level != "+") {
      refuse("topic filter", filter, "\"+\" stands for a whole level, found \"" + std::string(level) + "\"");
    }
    if (level.find('#') == std::string_view::npos) continue;
    if (level != "#") {
      refuse("topic filter", filter, "\"#\" stands for whole levels, found \"" + std::string(level) + "\"");
    }
    if (more) refuse("topic filter", filter, "\"#\" can only be the last level");
  }
}

bool topicMatches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  bool moreFilter = true;
  bool moreTopic = true;
  while (moreFilter && moreTopic) {
    const std::string_view wanted = takeLevel(filter, moreFilter);
    if (wanted == "#") return true;
    const std::string_view level = takeLevel(topic, moreTopic);
    if (wanted != "+" && wanted != level) return false;
  }
  // "a/#" matches "a" too.
  return moreFilter ? filter == "#" : !moreTopic;
}

bool filterCovers(std::string_view wide, std::string_view narrow) {
  if (narrow.starts_with('$') && (wide.starts_with('+') || wide.starts_with('#'))) return false;
  bool moreWide = true;
  bool moreNarrow = true;
  while (moreWide && moreNarrow) {
    const std::string_view allowed = takeLevel(wide, moreWide);
    if (allowed == "#") return true;
    const std::string_view level = takeLevel(narrow, moreNarrow);
    if (level == "#" || (allowed != "+" && allowed != level)) return false;
  }
  // "a/#" covers "a" too.
  return moreWide ? wide == "#" : !moreNarrow;
}

struct TopicTrie::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;  // by level; "+" and "#" among them
  std::vector<Value> values;

  const Node* child(std::string_view level) const {
    const auto found = children.find(level);
    return found == children.end() ? nullptr : found->second.get();
  }
  bool empty() const { return children.empty() && values.empty(); }

  bool remove(std::string_view filter, bool here, Value value) {
    if (here) {
      const auto found = std::find(values.begin(), values.end(), value);
      if (found == values.end()) return false;
      values.erase(found);
      return true;
    }
    bool more = false;
    const auto next = children.find(takeLevel(filter, more));
    if (next == children.end() || !next->second->remove(filter, !more, value)) return false;
    if (next->second->empty()) children.erase(next);
    return true;
  }

  // `first`: at the top level, where wildcards do not match "$...".
  void match(std::string_view topic, bool here, bool first, const std::function<void(Value)>& found) const {
    const bool hidden = first && topic.starts_with('$');
    if (const Node* all = hidden ? nullptr : child("#")) {
      for (const Value value : all->values)
        found(value);
    }
    if (here) {
      for (const Value value : values)
        found(value);
      return;
    }
    bool more = false;
    const std::string_view level = takeLevel(topic, more);
    if (const Node* next = child(level)) next->match(topic, !more, false, found);
    if (const Node* any = hidden ? nullptr : child("+")) any->match(topic, !more, false, found);
  }
};

TopicTrie::TopicTrie() : root_(std::make_unique<Node>()) {}
TopicTrie::~TopicTrie() = default;

void TopicTrie::add(std::string_view filter, Value value) {
  Node* node = root_.get();
  for (bool more = true; more;) {
    const std::string_view level = takeLevel(filter, more);
    std::unique_ptr<Node>& next = node->children.try_emplace(std::string(level)).first->second;
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  node->values.push_back(value);
}

bool TopicTrie::remove(std::string_view filter, Value value) {
  return root_->remove(filter, false, value);
}

void TopicTrie::match(std::string_view topic, const std::function<void(Value)>& found) const {
  root_->match(topic, false, true, found);
}

bool TopicTrie::empty() const {
  return root_->empty();
}

}  // namespace deskd
