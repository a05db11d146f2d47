// SPDX-License-Identifier: Apache-2.0
// What scripts let go of is freed, but never while the loop is inside it.
#include "bindings/async.h"
#include "bindings/class_builder.h"
#include "hal/sim/pty.h"
#include "tests/bindings/script_fixture.h"

namespace deskd {
namespace {

using testing::ElementsAre;

// Collects, and returns how many objects of C++ are alive then.
int collect(Js& js) {
  js.isolate()->LowMemoryNotification();
  return static_cast<int>(js.live().size());
}

// The least that a bound class with a callback can be. Nothing leads from the callback back to it, so only
// FromLoop keeps it.
class Bell final : public Wrapped {
 public:
  Bell(Js& js, Callback onRing) : Wrapped(js), onRing_(std::move(onRing)) {}
  void ring() {
    FromLoop(*this).enter([&] { onRing_.call(js()); });
  }
  void install() { pin(); }
  void close() override {
    onRing_.reset();
    unpin();
  }

 private:
  Callback onRing_;
};

Bell* theBell = nullptr;

Bell* bell(Js& js, Callback onRing) {
  theBell = make<Bell>(js, std::move(onRing));
  theBell->install();
  return theBell;
}

// Scripts that have a bell(), a serial cable at PATH and a function collect().
class Lifetime : public ScriptTest {
 protected:
  // Loads and evaluates; the loop is the test's to run.
  void begin(const std::string& source) {
    write("test.js", "const PATH = '" + path("cable") +
                         "'; const turn = () => new Promise((resolve) => setTimeout(resolve, 0));"
                         // Not from the top level: what it has awaited is kept with the module.
                         "let held; const hold = async (make) => { held = await make(); await turn(); };" +
                         source);
    open();
    ASSERT_FALSE(loadError_) << loadError_->message;
    Js& js = Js::of(v8::Isolate::GetCurrent());
    const v8::HandleScope handles(js.isolate());
    const v8::Context::Scope scope(js.context());
    ModuleBuilder functions(js);
    functions.type<Bell>("Bell").method<&Bell::close>("close");
    functions.function<collect>("collect").function<bell>("bell");
    for (const auto& [name, function] : functions.exports())
      js.context()->Global()->Set(js.context(), js.name(name), function).Check();
    isolate_->run();
  }
  // Turns the loop until the script has said so much, or failed.
  void untilLogged(std::size_t count) {
    Prepare enough(*loop_, [&] {
      if (logged_.size() >= count) loop_->stop();
    });
    Timer late(*loop_, [&] { loop_->stop(); });
    late.start(Milliseconds(10'000));
    loop_->run();
    ASSERT_GE(logged_.size(), count);
    EXPECT_FALSE(failure_) << failure_->message;
  }
  // The broker agrees to everything that was asked for.
  void answerBroker() {
    for (const Done& done : std::exchange(bus_.pending, {}))
      done({});
  }
  void say(std::string_view text) {
    cable_->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

  std::optional<Pty> cable_{path("cable")};
};

TEST_F(Lifetime, WhatTheLoopHasEnteredLastsUntilItIsOutAgain) {
  begin(
      "await hold(() => bell(() => {"
      "  held.close(); held = null;"
      "  queueMicrotask(() => console.log('inside', collect() - before));"
      "  turn().then(() => console.log('after', collect() - before)); }));"
      "const before = collect(); console.log('installed');");
  untilLogged(1);
  theBell->ring();
  untilLogged(3);
  EXPECT_THAT(logged_, ElementsAre("installed", "inside 0", "after -1"));
}

TEST_F(Lifetime, ClosedPortsAreCollected) {
  begin(
      "import {open} from 'deskd:serial';"
      "async function once() {"
      "  const port = await open({path: PATH});"
      "  port.on('frame', () => port.connected); port.write('x').catch(() => {});"
      "  port.close(); }"
      "await once(); await turn(); const before = collect();"
      "for (let i = 0; i < 20; ++i) await once();"
      "await turn(); console.log(collect() - before);");
  untilLogged(1);
  EXPECT_THAT(logged_, ElementsAre("0"));
}

TEST_F(Lifetime, ClosedSubscriptionsAreCollected) {
  begin(
      "import {subscribe} from 'deskd:mqtt';"
      "async function once() {"
      "  const subscription = await subscribe('a/+', () => subscription.close()); subscription.close(); }"
      "await once(); await turn(); const before = collect();"
      "for (let i = 0; i < 20; ++i) await once();"
      "await turn(); console.log(collect() - before);");
  Timer answer(*loop_, [this] { answerBroker(); });
  answer.start(Milliseconds(0), Milliseconds(1));
  untilLogged(1);
  EXPECT_THAT(logged_, ElementsAre("0"));
}

TEST_F(Lifetime, APortThatItsFrameHandlerClosesAndDropsLastsAsLongAsThatTurn) {
  begin(
      "import {open} from 'deskd:serial';"
      "await hold(() => open({path: PATH})); const before = collect();"
      "held.on('frame', () => {"
      "  held.close(); held = null;"
      "  queueMicrotask(() => console.log('inside', collect() - before));"
      "  turn().then(() => console.log('after', collect() - before)); });"
      "console.log('open');");
  untilLogged(1);
  say("frame");
  untilLogged(3);
  EXPECT_THAT(logged_, ElementsAre("open", "inside 0", "after -1"));
}

TEST_F(Lifetime, APortThatItsDisconnectHandlerClosesAndDropsLastsAsLongAsThatTurn) {
  begin(
      "import {open} from 'deskd:serial';"
      "await hold(() => open({path: PATH, reconnect: false})); const before = collect();"
      "held.on('disconnect', () => {"
      "  held.close(); held = null;"
      "  queueMicrotask(() => console.log('inside', collect() - before));"
      "  turn().then(() => console.log('after', collect() - before)); });"
      "console.log('open');");
  untilLogged(1);
  cable_.reset();
  untilLogged(3);
  EXPECT_THAT(logged_, ElementsAre("open", "inside 0", "after -1"));
}

TEST_F(Lifetime, ASubscriptionThatItsHandlerClosesAndDropsLastsAsLongAsThatTurn) {
  begin(
      "import {subscribe} from 'deskd:mqtt';"
      "await hold(() => subscribe('a', () => {"
      "  held.close(); held = null;"
      "  queueMicrotask(() => console.log('inside', collect() - before));"
      "  turn().then(() => console.log('after', collect() - before)); }));"
      "const before = collect();"
      "console.log('open');");
  answerBroker();
  untilLogged(1);
  const auto handler = bus_.subscriptions.begin()->second.onMessage;
  handler("a", {}, 0, false);
  untilLogged(3);
  EXPECT_THAT(logged_, ElementsAre("open", "inside 0", "after -1"));
}

TEST_F(Lifetime, AClosedPortSaysSoAndKeepsItsLastCounts) {
  begin(
      "import {open} from 'deskd:serial';"
      "const port = await open({path: PATH});"
      "port.on('frame', () => {"
      "  port.close(); port.close();"
      "  console.log(port.stats.frames, port.closed, port.connected);"
      "  port.write('x').catch((e) => console.log(e.code));"
      "  port.request('x').catch((e) => console.log(e.code)); });"
      "console.log('open');");
  untilLogged(1);
  say("frame");
  untilLogged(4);
  EXPECT_THAT(logged_, ElementsAre("open", "1 true false", "ERR_CLOSED", "ERR_CLOSED"));
}

TEST_F(Lifetime, FinalizersRun) {
  begin(
      "const keep = setTimeout(() => {}, 10000);"
      "const registry = new FinalizationRegistry((held) => { console.log(held); clearTimeout(keep); });"
      "(() => registry.register({}, 'gone'))();"
      "setTimeout(collect, 0);");
  loop_->run();
  EXPECT_THAT(logged_, ElementsAre("gone"));
}

TEST_F(Lifetime, WhatIsOnlyWeaklyHeldGoes) {
  begin(
      "const weak = (() => new WeakRef({}))();"
      "setTimeout(() => { collect(); console.log(weak.deref()); }, 0);");
  loop_->run();
  EXPECT_THAT(logged_, ElementsAre("undefined"));
}

}  // namespace
}  // namespace deskd
