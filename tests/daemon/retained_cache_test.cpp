// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/retained_cache.h"

#include <gmock/gmock.h>

#include "hal/base/error.h"
#include "hal/base/log.h"
#include "tests/fakes/fake_link.h"

using namespace deskd;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

MqttMessage value(const std::string& topic, const std::string& payload) {
  MqttMessage message;
  message.topic = topic;
  message.payload = payload;
  message.retained = true;
  return message;
}

std::string codeOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const CodedError& error) {
    return error.code();
  }
  return "";
}

class RetainedCacheTest : public testing::Test {
 protected:
  MqttDone note() {
    return [this](const MqttResult& result) {
      results_.push_back(result.stored ? "stored" : result.ok() ? "ok" : result.code);
    };
  }

  FakeLink link_;
  std::vector<std::string> results_;
};

}  // namespace

TEST_F(RetainedCacheTest, SendsAtOnceWhileConnected) {
  RetainedCache cache(link_);
  cache.put(value("a", "1"), note());
  EXPECT_THAT(link_.lines(), ElementsAre("a=1"));
  EXPECT_TRUE(link_.sent[0].retained);
  EXPECT_THAT(results_, IsEmpty());
  link_.answerAll();
  EXPECT_THAT(results_, ElementsAre("ok"));
  EXPECT_EQ(*cache.find("a"), "1");
}

TEST_F(RetainedCacheTest, KeepsOnlyTheLatestWhileOffline) {
  RetainedCache cache(link_);
  link_.online = false;
  cache.put(value("a", "1"), note());
  cache.put(value("b", "1"), note());
  cache.put(value("a", "2"), note());
  EXPECT_THAT(results_, ElementsAre("stored", "stored", "stored"));
  EXPECT_THAT(link_.sent, IsEmpty());
  link_.online = true;
  cache.resendAll();
  EXPECT_THAT(link_.lines(), ElementsAre("a=2", "b=1"));
}

TEST_F(RetainedCacheTest, NewerValuesOvertakeThoseThatWait) {
  RetainedCache cache(link_, {100, 1000, 1});
  cache.put(value("a", "1"), note());
  cache.put(value("b", "1"), note());
  cache.put(value("b", "2"), note());
  EXPECT_THAT(link_.lines(), ElementsAre("a=1"));
  EXPECT_THAT(results_, ElementsAre("stored"));
  EXPECT_EQ(cache.waiting(), 1u);
  link_.answer(1);
  EXPECT_THAT(link_.lines(), ElementsAre("a=1", "b=2"));
  link_.answer(1);
  EXPECT_THAT(results_, ElementsAre("stored", "ok", "ok"));
}

TEST_F(RetainedCacheTest, SendsAgainWhatABrokenConnectionLeftUnconfirmed) {
  RetainedCache cache(link_);
  cache.put(value("a", "1"), note());
  cache.put(value("b", "1"));
  link_.answer(1);
  link_.drop();
  EXPECT_THAT(results_, ElementsAre("ok"));
  EXPECT_EQ(cache.waiting(), 1u);
  link_.sent.clear();
  link_.online = true;
  cache.resend({"a"});
  EXPECT_THAT(link_.lines(), ElementsAre("b=1", "a=1"));
}

TEST_F(RetainedCacheTest, TellsABrokerThatLostItsDataEverything) {
  RetainedCache cache(link_);
  for (const char* topic : {"c", "a", "b"})
    cache.put(value(topic, "1"));
  cache.put(value("c", "2"));
  link_.answerAll();
  link_.drop();
  link_.sent.clear();
  link_.online = true;
  cache.resendAll();
  EXPECT_THAT(link_.lines(), ElementsAre("c=2", "a=1", "b=1")) << "in the order in which the topics came";
}

TEST_F(RetainedCacheTest, ResendsInTheOrderAskedFor) {
  RetainedCache cache(link_);
  for (const char* topic : {"c", "a", "b"})
    cache.put(value(topic, "1"));
  link_.answerAll();
  link_.sent.clear();
  cache.resend({"b", "missing", "c", "a"});
  EXPECT_THAT(link_.lines(), ElementsAre("b=1", "c=1", "a=1"));
}

TEST_F(RetainedCacheTest, AnEmptyPayloadRemoves) {
  RetainedCache cache(link_);
  cache.put(value("a", "1"));
  link_.answerAll();
  cache.remove("a");
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_THAT(link_.lines(), ElementsAre("a=1", "a="));
  link_.answerAll();
  EXPECT_EQ(cache.topics(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST_F(RetainedCacheTest, ARemovalWhileOfflineIsNotForgotten) {
  RetainedCache cache(link_);
  link_.online = false;
  cache.remove("old");
  EXPECT_EQ(cache.topics(), 1u);
  link_.online = true;
  cache.resendAll();
  EXPECT_THAT(link_.lines(), ElementsAre("old="));
  link_.answerAll();
  EXPECT_EQ(cache.topics(), 0u);
}

TEST_F(RetainedCacheTest, AValueAfterARemovalStays) {
  RetainedCache cache(link_);
  cache.put(value("a", "1"));
  cache.remove("a");
  cache.put(value("a", "2"));
  link_.answerAll();
  EXPECT_EQ(*cache.find("a"), "2");
  EXPECT_THAT(link_.lines(), ElementsAre("a=1", "a=", "a=2"));
}

TEST_F(RetainedCacheTest, ForgetsWhatTheBrokerRefusesAndSaysSoOnce) {
  std::vector<std::string> log;
  setLogSink([&](const LogRecord& record) { log.push_back(record.text); });
  RetainedCache cache(link_);
  for (int i = 0; i < 3; ++i) {
    cache.put(value("a", "1"), note());
    link_.answerAll({"ERR_NOT_AUTHORIZED", "Not authorized", false});
  }
  setLogSink([](const LogRecord&) {});
  EXPECT_THAT(results_, ElementsAre("ERR_NOT_AUTHORIZED", "ERR_NOT_AUTHORIZED", "ERR_NOT_AUTHORIZED"));
  EXPECT_EQ(cache.topics(), 0u);
  EXPECT_THAT(log, ElementsAre(HasSubstr("refuses to keep a: Not authorized")));
}

TEST_F(RetainedCacheTest, TriesAgainWhenTheLinkIsFull) {
  RetainedCache cache(link_);
  cache.put(value("a", "1"), note());
  link_.answerAll({"ERR_QUEUE_FULL", "full", false});
  EXPECT_THAT(results_, ElementsAre("stored"));
  cache.put(value("b", "1"), note());
  EXPECT_THAT(link_.lines(), ElementsAre("a=1", "a=1", "b=1"));
}

TEST_F(RetainedCacheTest, IsBoundedInTopicsAndBytes) {
  RetainedCache cache(link_, {2, 20, 10});
  cache.put(value("a", "1"));
  cache.put(value("b", "1"));
  EXPECT_EQ(codeOf([&] { cache.put(value("c", "1")); }), "ERR_QUOTA");
  cache.put(value("a", "2"));
  EXPECT_EQ(codeOf([&] { cache.put(value("a", std::string(20, 'x'))); }), "ERR_QUOTA");
  EXPECT_EQ(*cache.find("a"), "2") << "a refused value changes nothing";
  cache.put(value("a", std::string(17, 'x')));
  EXPECT_EQ(cache.bytes(), 20u);
  cache.remove("c");
  cache.remove("a");
  link_.answerAll();
  cache.put(value("c", "1"));
  EXPECT_EQ(cache.bytes(), 4u);
}

TEST_F(RetainedCacheTest, AnswersAfterItsEndGoNowhere) {
  {
    RetainedCache cache(link_);
    cache.put(value("a", "1"), note());
  }
  link_.answerAll();
  EXPECT_THAT(results_, IsEmpty());
}
