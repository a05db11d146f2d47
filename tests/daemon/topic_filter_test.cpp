// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/topic_filter.h"

#include <gmock/gmock.h>

#include <stdexcept>

using namespace deskd;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

namespace {

std::string refusal(void (*check)(std::string_view), std::string_view text) {
  try {
    check(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

std::vector<TopicTrie::Value> found(const TopicTrie& trie, std::string_view topic) {
  std::vector<TopicTrie::Value> values;
  trie.match(topic, [&](TopicTrie::Value value) { values.push_back(value); });
  return values;
}

struct Case {
  const char* filter;
  const char* topic;
  bool matches;
};

// MQTT 5.0, section 4.7 (OASIS standard), which has the same examples as 3.1.1.
const Case specification[] = {
    {"sport/tennis/player1/#", "sport/tennis/player1", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
    {"sport/#", "sport", true},
    {"#", "sport/tennis", true},
    {"sport/tennis/+", "sport/tennis/player1", true},
    {"sport/tennis/+", "sport/tennis/player1/ranking", false},
    {"sport/+", "sport", false},
    {"sport/+", "sport/", true},
    {"+/+", "/finance", true},
    {"/+", "/finance", true},
    {"+", "/finance", false},
    {"+/tennis/#", "sport/tennis/player1", true},
    {"sport/+/player1", "sport/tennis/player1", true},
    {"#", "$SYS/broker/load", false},
    {"+/monitor/Clients", "$SYS/monitor/Clients", false},
    {"$SYS/#", "$SYS/broker/load", true},
    {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
    {"ACCOUNTS", "Accounts", false},
    {"/finance", "finance", false},
    {"a//b", "a//b", true},
    {"a/+/b", "a//b", true},
    {"a/b", "a/b/", false},
    {"a/b/#", "a/bc", false},
    {"+/#", "a", true},
    {"+/+/#", "a", false},
    {"/", "/", true},
};

}  // namespace

TEST(TopicFilter, MatchesAsTheSpecificationSays) {
  for (const Case& c : specification) {
    EXPECT_EQ(topicMatches(c.filter, c.topic), c.matches) << c.filter << " against " << c.topic;
  }
}

TEST(TopicTrie, FindsWhatTheFilterMatches) {
  for (const Case& c : specification) {
    TopicTrie trie;
    trie.add(c.filter, 7);
    trie.add("something/else", 8);
    EXPECT_EQ(!found(trie, c.topic).empty(), c.matches) << c.filter << " against " << c.topic;
  }
}

TEST(TopicTrie, FindsEachOfOverlappingFiltersOnce) {
  TopicTrie trie;
  trie.add("deskd/+/desk/#", 1);
  trie.add("deskd/office/#", 2);
  trie.add("deskd/office/desk/height/state", 3);
  trie.add("#", 4);
  trie.add("deskd/cellar/#", 5);
  EXPECT_THAT(found(trie, "deskd/office/desk/height/state"), UnorderedElementsAre(1, 2, 3, 4));
}

TEST(TopicTrie, FindsAValueOnceForEachFilterItIsFiledUnder) {
  TopicTrie trie;
  trie.add("a/+", 1);
  trie.add("a/b", 1);
  trie.add("a/b", 1);
  EXPECT_THAT(found(trie, "a/b"), UnorderedElementsAre(1, 1, 1));
  EXPECT_TRUE(trie.remove("a/b", 1));
  EXPECT_THAT(found(trie, "a/b"), ElementsAre(1, 1));
}

TEST(TopicTrie, IsEmptyWhenEverythingIsRemoved) {
  TopicTrie trie;
  trie.add("a/b/c", 1);
  trie.add("a/b", 2);
  trie.add("a/#", 3);
  EXPECT_FALSE(trie.remove("a/b", 1));
  EXPECT_FALSE(trie.remove("a/x", 1));
  EXPECT_TRUE(trie.remove("a/b/c", 1));
  EXPECT_TRUE(trie.remove("a/b", 2));
  EXPECT_FALSE(trie.remove("a/b", 2));
  EXPECT_TRUE(trie.remove("a/#", 3));
  EXPECT_TRUE(trie.empty());
  EXPECT_THAT(found(trie, "a/b/c"), IsEmpty());
}

TEST(TopicTrie, TakesATopicOfManyLevels) {
  TopicTrie trie;
  trie.add("#", 1);
  trie.add("+/+/#", 2);
  EXPECT_THAT(found(trie, std::string(65535, '/')), UnorderedElementsAre(1, 2));
}

TEST(TopicFilter, AcceptsWhatCanBeSubscribed) {
  for (const char* filter :
       {"#", "+", "/", "a", "a/", "/a", "a//b", "+/+/#", "$SYS/#", "caf\xc3\xa9/+", "a b"}) {
    EXPECT_EQ(refusal(checkFilter, filter), "") << filter;
  }
}

TEST(TopicFilter, RefusesMisplacedWildcardsAndSaysWhich) {
  EXPECT_THAT(refusal(checkFilter, "sport+"), HasSubstr("\"+\" stands for a whole level, found \"sport+\""));
  EXPECT_THAT(refusal(checkFilter, "a/b+/c"), HasSubstr("found \"b+\""));
  EXPECT_THAT(refusal(checkFilter, "sport/tennis#"), HasSubstr("found \"tennis#\""));
  EXPECT_THAT(refusal(checkFilter, "sport/#/ranking"), HasSubstr("\"#\" can only be the last level"));
  EXPECT_THAT(refusal(checkFilter, "#/"), HasSubstr("last level"));
  EXPECT_THAT(refusal(checkFilter, "a/##"), HasSubstr("found \"##\""));
}

TEST(TopicFilter, RefusesWildcardsInATopic) {
  EXPECT_THAT(refusal(checkTopic, "a/+/b"), HasSubstr("wildcards are only for subscribing, found \"+\""));
  EXPECT_THAT(refusal(checkTopic, "a/#"), HasSubstr("found \"#\""));
  EXPECT_EQ(refusal(checkTopic, "a/b c/\xe2\x82\xac"), "");
}

TEST(TopicFilter, RefusesWhatIsNotText) {
  for (auto* check : {checkTopic, checkFilter}) {
    EXPECT_THAT(refusal(check, ""), HasSubstr("found none"));
    EXPECT_THAT(refusal(check, std::string_view("a\0b", 3)), HasSubstr("NUL"));
    for (const char* bad : {"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                            "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xff"}) {
      EXPECT_THAT(refusal(check, bad), HasSubstr("expected UTF-8"));
    }
    EXPECT_EQ(refusal(check, "\xf4\x8f\xbf\xbf"), "");
  }
}

TEST(TopicFilter, BoundsLengthAndDepth) {
  EXPECT_EQ(refusal(checkTopic, std::string(65535, 'a')), "");
  EXPECT_THAT(refusal(checkTopic, std::string(65536, 'a')), HasSubstr("at most 65535 bytes, found 65536"));
  EXPECT_EQ(refusal(checkFilter, std::string(127, '/')), "");
  EXPECT_THAT(refusal(checkFilter, std::string(128, '/')), HasSubstr("at most 128 levels"));
}

TEST(TopicFilter, RefusesSharedSubscriptions) {
  EXPECT_THAT(refusal(checkFilter, "$share/group/a"), HasSubstr("shared subscriptions"));
  EXPECT_EQ(refusal(checkFilter, "$shared"), "");
}

TEST(FilterCovers, WhatIsNoWiderThanItself) {
  const auto covers = [](const char* wide, const char* narrow) { return filterCovers(wide, narrow); };
  for (const auto& [wide, narrow] : {std::pair{"a/b", "a/b"},
                                     {"#", "a"},
                                     {"#", "#"},
                                     {"#", "+/x"},
                                     {"+", "a"},
                                     {"+", "+"},
                                     {"a/#", "a"},
                                     {"a/#", "a/+/c"},
                                     {"a/#", "a/#"},
                                     {"a/+", "a/b"},
                                     {"+/+/c", "a/+/c"},
                                     {"$SYS/#", "$SYS/broker"},
                                     {"a/", "a/"},
                                     {"a/+", "a/"}})
    EXPECT_TRUE(covers(wide, narrow)) << wide << " " << narrow;
  for (const auto& [wide, narrow] : {std::pair{"a/b", "a/c"},
                                     {"a", "#"},
                                     {"+", "#"},
                                     {"+", "a/b"},
                                     {"a/+", "a/#"},
                                     {"a/+", "a"},
                                     {"a", "+"},
                                     {"a/b", "a/+"},
                                     {"a/#", "b"},
                                     {"a/#", "#"},
                                     {"a/#", "+/b"},
                                     {"#", "$SYS/x"},
                                     {"+/x", "$SYS/x"},
                                     {"a", "a/"},
                                     {"a/b", "a"}})
    EXPECT_FALSE(covers(wide, narrow)) << wide << " " << narrow;
}
