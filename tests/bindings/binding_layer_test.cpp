// SPDX-License-Identifier: Apache-2.0
// What scripts meet when they misuse bound functions: the argument is named, with what was expected and
// found.
#include "tests/bindings/script_fixture.h"

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BindingLayer : public ScriptTest {
 protected:
  // The name, code and message of what `expression` throws or rejects with.
  std::string thrownBy(const std::string& expression) {
    run("try { await (" + expression +
        "); console.log('nothing'); } catch (e) {"
        "console.log(`${e.name} ${e.code}: ${e.message}`); }");
    if (loadError_) return loadError_->message;
    return logged_.empty() ? "(nothing logged)" : logged_.front();
  }
};

TEST_F(BindingLayer, NamesTheArgumentThatDoesNotFit) {
  EXPECT_EQ(thrownBy("setTimeout(5)"),
            "TypeError ERR_INVALID_ARGUMENT: argument 1: expected a function, found 5");
  EXPECT_EQ(thrownBy("queueMicrotask()"),
            "TypeError ERR_INVALID_ARGUMENT: argument 1: expected a function, found undefined");
}

TEST_F(BindingLayer, NamesTheFieldThatDoesNotFit) {
  EXPECT_THAT(thrownBy("(await import('deskd:serial')).open({path: '/dev/null', baudRate: -1})"),
              HasSubstr("baudRate: expected a non-negative integer, found -1"));
  EXPECT_THAT(thrownBy("(await import('deskd:serial')).open({path: '/dev/null', parity: 'mark'})"),
              HasSubstr("parity: expected one of none, even, odd, found \"mark\""));
  EXPECT_THAT(
      thrownBy("(await import('deskd:serial')).open({path: '/dev/null', framing: {type: 'frames'}})"),
      HasSubstr(
          "framing: type: expected one of none, fixed, delimiter, length, gap, slip, found \"frames\""));
}

TEST_F(BindingLayer, GivesSystemErrorsTheirCode) {
  EXPECT_THAT(thrownBy("(await import('deskd:serial')).open({path: '/dev/no-such-device'})"),
              HasSubstr("Error ENOENT: open"));
}

TEST_F(BindingLayer, GettersThatThrowThrowThrough) {
  EXPECT_EQ(
      thrownBy(
          "(await import('deskd:serial')).open({path: 'x', get baudRate() { throw new Error('mine'); }})"),
      "Error undefined: mine");
}

TEST_F(BindingLayer, RejectsWithTheCodeOfTheBroker) {
  write("test.js",
        "import {publish} from 'deskd:mqtt';"
        "publish('a/b', 'x').catch((e) => console.log(e.code, e.message));");
  open();
  isolate_->run();
  ASSERT_EQ(bus_.pending.size(), 1u);
  bus_.pending[0]({"ERR_OFFLINE", "not connected"});
  EXPECT_THAT(logged_, ElementsAre("ERR_OFFLINE not connected"));
}

TEST_F(BindingLayer, DeliversMessagesUntilTheSubscriptionIsClosed) {
  write("test.js",
        "import {subscribe} from 'deskd:mqtt';"
        "const s = await subscribe('a/+', (m) => { console.log(m.topic, m.text(), m.retained); s.close(); });"
        "console.log('subscribed');");
  open();
  isolate_->run();
  ASSERT_EQ(bus_.pending.size(), 1u);
  bus_.pending[0]({});
  ASSERT_EQ(bus_.subscriptions.size(), 1u);
  const auto deliver = bus_.subscriptions.begin()->second.onMessage;
  deliver("a/1", Bytes{'h', 'i'}, 1, true);
  deliver("a/2", Bytes{'n', 'o'}, 1, false);
  EXPECT_THAT(logged_, ElementsAre("subscribed", "a/1 hi true"));
  EXPECT_TRUE(bus_.subscriptions.empty());
}

TEST_F(BindingLayer, CollectedObjectsThatTheLoopNeedsStay) {
  write("test.js",
        "import {subscribe} from 'deskd:mqtt';"
        "await subscribe('a', (m) => console.log(m.text()));"
        "for (let i = 0; i < 200; i++) new Array(20000).fill({});");
  open();
  isolate_->run();
  bus_.pending.at(0)({});
  bus_.subscriptions.begin()->second.onMessage("a", Bytes{'y'}, 0, false);
  EXPECT_THAT(logged_, ElementsAre("y"));
}

}  // namespace
}  // namespace deskd
