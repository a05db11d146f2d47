// SPDX-License-Identifier: Apache-2.0
// deskd:gpio on a fake board: what scripts see, and what they leave behind.
#include "tests/bindings/fake_board_fixture.h"

namespace deskd {
namespace {

using test::monotonicNs;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Fills the old generation again and again, for a while or at once: whatever nobody holds is collected.
const std::string collect =
    "const fill = (ring, i) => { ring[i % 40] = new Array(1e5).fill(i); };"
    "const collectNow = () => { const ring = []; for (let i = 0; i < 300; i++) fill(ring, i); };"
    "const collect = async () => { const ring = []; for (let i = 0; i < 300; i++) { fill(ring, i);"
    " if (i % 20 === 0) await new Promise((r) => setTimeout(r, 0)); } };";

class Gpio : public FakeBoardTest {
 protected:
  Gpio() {
    services_.limits.turnMs = 30000;  // collecting everything takes its time, under sanitizers above all
  }

  void start(const std::string& body) { startWithGpio(body); }
  void runToEnd(const std::string& body) {
    start(body);
    loop_->run();
  }
  std::string thrownBy(const std::string& expression) {
    runToEnd("try { await (" + expression +
             "); console.log('nothing'); } catch (e) { console.log(`${e.name} ${e.code}: ${e.message}`); }");
    return logged_.empty() ? "(nothing logged)" : logged_.front();
  }
};

class GpioOutput : public Gpio {};

TEST_F(GpioOutput, IsAtItsInitialLevelAtOnceAndFollowsSet) {
  runToEnd(
      "const led = await gpio.output({line: 'GPIO17', initial: 1, safe: false});"
      "console.log(led.value); await led.set(false); console.log(led.value);"
      "await led.set(1); console.log(led.value);");
  EXPECT_FALSE(failure_);
  EXPECT_THAT(logged_, ElementsAre("true", "false", "true"));
  EXPECT_THAT(gpio_->log, ElementsAre("17=1", "17=0", "17=1"));
}

TEST_F(GpioOutput, SetsSeveralLinesTogether) {
  runToEnd(
      "const leds = await gpio.output({lines: ['GPIO17', 'gpiochip0:27'], initial: [0, 1], safe: [0, 0]});"
      "await leds.set([true, false]); console.log(leds.value); leds.close();");
  EXPECT_THAT(logged_, ElementsAre("[ true, false ]"));
  EXPECT_THAT(gpio_->log, ElementsAre("17=0 27=1", "17=1 27=0", "17=0 27=0", "release 17", "release 27"));
}

TEST_F(GpioOutput, IsRequestedAsWanted) {
  runToEnd(
      "await gpio.output({line: 'GPIO17', initial: true, safe: false, activeLow: true, drive: 'open-drain',"
      " bias: 'pull-up'});");
  ASSERT_EQ(gpio_->outputs.size(), 1u);
  const GpioOutputOptions& options = gpio_->outputs.front();
  EXPECT_EQ(options.lines.front(), (GpioAddress{"gpiochip0", 17}));
  EXPECT_TRUE(options.activeLow);
  EXPECT_EQ(options.drive, GpioDrive::openDrain);
  EXPECT_EQ(options.bias, GpioBias::pullUp);
  EXPECT_EQ(options.consumer, "deskd:test");
  EXPECT_FALSE(gpio_->levels[17]) << "active, on an active-low line";
}

TEST_F(GpioOutput, IsSafeWhenItIsClosed) {
  runToEnd(
      "const led = await gpio.output({line: 'GPIO17', initial: 0, safe: 1});"
      "led.on('close', () => console.log('closed'));"
      "led.close(); led.close(); console.log(led.closed, led.value);");
  EXPECT_THAT(logged_, ElementsAre("closed", "true true"));
  EXPECT_THAT(gpio_->log, ElementsAre("17=0", "17=1", "release 17"));
}

TEST_F(GpioOutput, IsSafeWhenTheScriptEnds) {
  runToEnd("await gpio.output({line: 'GPIO17', initial: 1, safe: 0});");
  EXPECT_THAT(gpio_->log, ElementsAre("17=1"));
  close();
  EXPECT_THAT(gpio_->log, ElementsAre("17=1", "17=0", "release 17"));
}

TEST_F(GpioOutput, IsSafeWhenTheScriptFails) {
  runToEnd("await gpio.output({line: 'GPIO17', initial: 1, safe: 0}); throw new Error('mine');");
  EXPECT_TRUE(failure_);
  close();
  EXPECT_THAT(gpio_->log, ElementsAre("17=1", "17=0", "release 17"));
}

TEST_F(GpioOutput, ThatCannotBeMadeSafeSaysSoAndGivesItsLinesBack) {
  start(
      "const led = await gpio.output({line: 'GPIO17', initial: 1, safe: 0});"
      "setTimeout(() => { try { led.close(); } catch (e) { console.log(e.code, e.message); } }, 1);");
  gpio_->failures["set"] = EIO;
  ASSERT_TRUE(logs(1));
  EXPECT_THAT(logged_, ElementsAre("EIO set gpiochip0:17: Input/output error"));
  EXPECT_THAT(gpio_->log, ElementsAre("17=1", "release 17"));
}

TEST_F(GpioOutput, ThatCannotBeMadeSafeAtTheEndIsLogged) {
  start("await gpio.output({line: 'GPIO17', initial: 1, safe: 0});");
  gpio_->failures["set"] = EIO;
  close();
  EXPECT_THAT(logged_, ElementsAre("set gpiochip0:17: Input/output error; left as it is, ignoring"));
  EXPECT_THAT(gpio_->log, ElementsAre("17=1", "release 17"));
}

TEST_F(GpioOutput, IsNotReleasedByGarbageCollection) {
  runToEnd(collect + "await gpio.output({line: 'GPIO17', initial: 1, safe: 0}); await collect();");
  EXPECT_FALSE(failure_);
  EXPECT_THAT(gpio_->log, ElementsAre("17=1"));
}

TEST_F(GpioOutput, IsCollectedOnceItIsClosedAndDropped) {
  runToEnd(
      collect +
      "const kept = [];"
      "const output = async () => { const o = await gpio.output({line: 'GPIO17', initial: 1, safe: 0});"
      " kept.push(new WeakRef(o)); o.on('change', () => console.log(o.value)); o.close(); };"
      "const input = async () => { const i = await gpio.input({line: 'GPIO4'}); kept.push(new WeakRef(i));"
      " i.on('change', () => console.log(i.value)); i.close(); };"
      "await output(); await input(); await collect();"
      "console.log(kept.map((ref) => ref.deref() === undefined));");
  EXPECT_THAT(logged_, ElementsAre("[ true, true ]"));
}

TEST_F(GpioOutput, TellsWhatChanges) {
  runToEnd(
      "const led = await gpio.output({line: 'GPIO17', initial: 0, safe: 0});"
      "led.on('change', (value) => console.log('now', value));"
      "await led.set(1); await led.set(1); await led.pulse(5); await led.set(1); led.close();");
  EXPECT_THAT(logged_, ElementsAre("now true", "now false", "now true")) << "nothing after close()";
}

TEST_F(GpioOutput, PulsesForAsLongAsWanted) {
  const std::uint64_t began = monotonicNs();
  start(
      "const led = await gpio.output({line: 'GPIO17', initial: 0, safe: 0});"
      "console.log(led.value); const ended = led.pulse(30); console.log(led.value);"
      "console.log(await ended, led.value);");
  EXPECT_TRUE(gpio_->levels[17]);
  loop_->run();
  const double lasted = static_cast<double>(monotonicNs() - began) / 1e6;
  EXPECT_THAT(logged_, ElementsAre("false", "true", "true false"));
  EXPECT_GE(lasted, 29.5);
  EXPECT_THAT(gpio_->log, ElementsAre("17=0", "17=1", "17=0"));
}

TEST_F(GpioOutput, PulsesAwayFromWhatIsSafe) {
  runToEnd(
      "const relays = await gpio.output({lines: ['GPIO17', 'GPIO27'], initial: [0, 0], safe: [0, 1]});"
      "await relays.pulse(2);");
  EXPECT_THAT(gpio_->log, ElementsAre("17=0 27=0", "17=1 27=0", "17=0 27=1"));
}

TEST_F(GpioOutput, PulsesOneAfterAnother) {
  runToEnd(
      "const led = await gpio.output({line: 'GPIO17', initial: 0, safe: 0});"
      "const first = led.pulse(20);"
      "await led.pulse(20).catch((e) => console.log(e.code, e.message));"
      "console.log(await first, await led.pulse(1));");
  EXPECT_THAT(logged_, ElementsAre("ERR_BUSY pulse: expected the one before to be over, found it running",
                                   "true true"));
}

TEST_F(GpioOutput, ASetOrACloseEndsAPulse) {
  runToEnd(
      "const led = await gpio.output({line: 'GPIO17', initial: 0, safe: 0});"
      "const first = led.pulse(60000); await led.set(1); console.log(await first);"
      "const second = led.pulse(60000); led.close(); console.log(await second);");
  EXPECT_THAT(logged_, ElementsAre("false", "false"));
  EXPECT_THAT(gpio_->log, ElementsAre("17=0", "17=1", "17=1", "17=1", "17=0", "release 17"));
}

TEST_F(GpioOutput, APulseThatCannotEndRejects) {
  start(
      "const led = await gpio.output({line: 'GPIO17', initial: 0, safe: 0});"
      "await led.pulse(5).catch((e) => console.log(e.code, led.value)); ");
  gpio_->failures["set"] = EIO;
  loop_->run();
  EXPECT_THAT(logged_, ElementsAre("EIO true")) << "what was driven last";
}

TEST_F(GpioOutput, APulseEndsWithTheScript) {
  start("const led = await gpio.output({line: 'GPIO17', initial: 0, safe: 0}); led.pulse(60000);");
  close();
  EXPECT_THAT(gpio_->log, ElementsAre("17=0", "17=1", "17=0", "release 17"));
}

TEST_F(GpioOutput, RefusesWorkOnceItIsClosed) {
  const std::string closed = "const o = await gpio.output({line: 'GPIO17', initial: 0, safe: 0}); o.close();";
  runToEnd(closed +
           "for (const action of [() => o.set(1), () => o.pulse(5), () => o.once('change')])"
           " await action().catch((e) => console.log(e.code, e.message));");
  EXPECT_THAT(logged_, testing::Each("ERR_CLOSED output GPIO17 is closed"));
  EXPECT_EQ(logged_.size(), 3u);
}

TEST_F(GpioOutput, SaysWhichLineCouldNotBeSet) {
  start(
      "const led = await gpio.output({line: 'GPIO17', initial: 0, safe: 0});"
      "setTimeout(() => led.set(1).catch((e) => console.log(e.code, e.message, led.value)), 1);");
  gpio_->failures["set"] = EIO;
  ASSERT_TRUE(logs(1));
  EXPECT_THAT(logged_, ElementsAre("EIO set gpiochip0:17: Input/output error false"));
}

TEST_F(GpioOutput, SaysWhoHoldsABusyLine) {
  gpio_->request({{"gpiochip0", 17}}, "gpioset", "output");
  EXPECT_EQ(
      thrownBy("gpio.output({line: 'GPIO17', initial: 0, safe: 0})"),
      "Error EBUSY: request gpiochip0:17 (GPIO17) as output, held by \"gpioset\": Device or resource busy");
  runToEnd(
      "await gpio.output({line: 'GPIO27', initial: 0, safe: 0});"
      "await gpio.input({line: 'GPIO27'}).catch((e) => console.log(e.message));");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("held by \"deskd:test\"")));
}

// What is wrong with the argument of gpio.output(), and how that is said.
struct Refusal {
  const char* options;
  const char* error;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
  return out << refusal.options;
}

class GpioOutputRefuses : public Gpio, public testing::WithParamInterface<Refusal> {};

TEST_P(GpioOutputRefuses, AndNamesTheOption) {
  EXPECT_EQ(thrownBy("gpio.output(" + std::string(GetParam().options) + ")"), GetParam().error);
  EXPECT_THAT(gpio_->log, IsEmpty()) << "no line was touched";
}

INSTANTIATE_TEST_SUITE_P(
    WrongOptions, GpioOutputRefuses,
    testing::Values(
        Refusal{"", "TypeError undefined: output: expected an object, found undefined"},
        Refusal{"'GPIO17'", "TypeError undefined: output: expected an object, found \"GPIO17\""},
        Refusal{"{line: 'GPIO17', inital: 0, safe: 0}",
                "TypeError undefined: output: expected one of line, lines, initial, safe, activeLow, drive, "
                "bias, "
                "lease, maxOn, rest, found \"inital\""},
        Refusal{"{initial: 0, safe: 0}",
                "TypeError undefined: output: expected either line or lines, found neither"},
        Refusal{"{line: 'GPIO17', lines: ['GPIO17'], initial: 0, safe: 0}",
                "TypeError undefined: output: expected either line or lines, found both"},
        Refusal{
            "{line: 17, initial: 0, safe: 0}",
            "TypeError undefined: line: expected a name such as \"GPIO17\" or \"gpiochip0:17\", found 17"},
        Refusal{"{lines: 'GPIO17', initial: 0, safe: 0}",
                "TypeError undefined: lines: expected an array of names, found \"GPIO17\""},
        Refusal{"{lines: [], initial: [], safe: []}",
                "TypeError undefined: lines: expected an array of names, found an array"},
        Refusal{"{lines: ['GPIO17', 27], initial: [0, 0], safe: [0, 0]}",
                "TypeError undefined: lines[1]: expected a name such as \"GPIO17\" or \"gpiochip0:17\", "
                "found 27"},
        Refusal{"{line: 'GPIO17', safe: 0}",
                "TypeError undefined: initial: expected true, false, 1 or 0, found undefined"},
        Refusal{"{line: 'GPIO17', initial: 0}",
                "TypeError undefined: safe: expected true, false, 1 or 0, found undefined"},
        Refusal{"{line: 'GPIO17', initial: 'on', safe: 0}",
                "TypeError undefined: initial: expected true, false, 1 or 0, found \"on\""},
        Refusal{"{line: 'GPIO17', initial: 0, safe: 2}",
                "TypeError undefined: safe: expected true, false, 1 or 0, found 2"},
        Refusal{"{lines: ['GPIO17', 'GPIO27'], initial: 0, safe: [0, 0]}",
                "TypeError undefined: initial: expected an array with a level for each line, found 0"},
        Refusal{"{lines: ['GPIO17', 'GPIO27'], initial: [0, 0], safe: [0]}",
                "RangeError undefined: safe: expected 2 levels, one for each line, found 1"},
        Refusal{"{lines: ['GPIO17', 'GPIO27'], initial: [0,,], safe: [0, 0]}",
                "TypeError undefined: initial[1]: expected true, false, 1 or 0, found undefined"},
        Refusal{"{lines: ['GPIO17', 'GPIO27'], initial: [0, null], safe: [0, 0]}",
                "TypeError undefined: initial[1]: expected true, false, 1 or 0, found null"},
        Refusal{"{line: 'GPIO17', initial: 0, safe: 0, activeLow: 1}",
                "TypeError ERR_INVALID_ARGUMENT: activeLow: expected true or false, found 1"},
        Refusal{"{line: 'GPIO17', initial: 0, safe: 0, drive: 'open'}",
                "TypeError ERR_INVALID_ARGUMENT: drive: expected one of push-pull, open-drain, open-source, "
                "found "
                "\"open\""},
        Refusal{"{line: 'GPIO17', initial: 0, safe: 0, bias: 'up'}",
                "TypeError ERR_INVALID_ARGUMENT: bias: expected one of as-is, disabled, pull-up, pull-down, "
                "found "
                "\"up\""},
        Refusal{
            "{line: 'GPIO71', initial: 0, safe: 0}",
            "TypeError ERR_INVALID_ARGUMENT: line: expected a line's name, CHIP:OFFSET or LABEL:OFFSET, "
            "found "
            "\"GPIO71\"; the nearest names are GPIO1, GPIO7, GPIO11, GPIO17, GPIO21, GPIO0, GPIO2, GPIO3, "
            "GPIO4, GPIO5 and 18 more"},
        Refusal{"{lines: ['GPIO17', 'gpiochip0:99'], initial: [0, 0], safe: [0, 0]}",
                "TypeError ERR_INVALID_ARGUMENT: lines: expected a line's name, CHIP:OFFSET or LABEL:OFFSET, "
                "found "
                "\"gpiochip0:99\"; the chip is gpiochip0 (pinctrl-bcm2711, lines 0 to 27)"},
        Refusal{"{lines: ['GPIO17', 'EXP1'], initial: [0, 0], safe: [0, 0]}",
                "TypeError ERR_INVALID_ARGUMENT: lines: expected lines of one chip, found gpiochip0:17 and "
                "gpiochip1:1"},
        Refusal{"{lines: ['GPIO17', 'gpiochip0:17'], initial: [0, 0], safe: [0, 0]}",
                "TypeError ERR_INVALID_ARGUMENT: lines: expected different lines, found gpiochip0:17 twice"},
        Refusal{"{line: 'GPIO17', initial: 0, safe: 0, lease: 5}",
                "RangeError undefined: lease: expected an integer from 20 to 600000, found 5"},
        Refusal{"{line: 'GPIO17', initial: 0, safe: 0, rest: 5}",
                "TypeError undefined: rest: expected maxOn with it, found none"},
        Refusal{"{line: 'GPIO17', initial: 1, safe: 0, lease: 500}",
                "TypeError undefined: initial: expected false, as safe, for what moves, found true"},
        Refusal{"{lines: ['GPIO17', 'GPIO27'], initial: [0, 0], safe: [0, 0], maxOn: 500}",
                "TypeError undefined: lines: expected one line where it has lease or maxOn, found 2"}));

class GpioMistakes : public Gpio {};

TEST_F(GpioMistakes, InLevelsAndPulsesAreNamed) {
  const std::string led = "const led = await gpio.output({line: 'GPIO17', initial: 0, safe: 0});";
  const std::string both =
      "const both = await gpio.output({lines: ['GPIO4', 'GPIO5'], initial: [0, 0], safe: [0, 0]});";
  runToEnd(
      led + both +
      "for (const action of [() => led.set('on'), () => led.set(), () => led.set([1]), () => both.set(1),"
      " () => both.set([1]), () => led.pulse(), () => led.pulse(0), () => led.pulse(60001),"
      " () => led.pulse('5')])"
      " await action().catch((e) => console.log(`${e.name}: ${e.message}`));"
      "try { led.on('rising', () => {}); } catch (e) { console.log(`${e.name}: ${e.message}`); }"
      "try { new gpio.Output(['x'], true); } catch (e) { console.log(`${e.name}: ${e.message}`); }"
      "try { new gpio.Input('x', 'both'); } catch (e) { console.log(`${e.name}: ${e.message}`); }"
      "await gpio.interlock([led]).catch((e) => console.log(e.message));");
  EXPECT_THAT(
      logged_,
      ElementsAre(
          "TypeError: set: expected true, false, 1 or 0, found \"on\"",
          "TypeError: set: expected true, false, 1 or 0, found undefined",
          "TypeError: set: expected true, false, 1 or 0, found an array",
          "TypeError: set: expected an array with a level for each line, found 1",
          "RangeError: set: expected 2 levels, one for each line, found 1",
          "TypeError: pulse: expected a number from 1 to 60000, found undefined",
          "RangeError: pulse: expected a number from 1 to 60000, found 0",
          "RangeError: pulse: expected a number from 1 to 60000, found 60001",
          "TypeError: pulse: expected a number from 1 to 60000, found \"5\"",
          "TypeError: output GPIO17: expected an event out of change, expired, close, found \"rising\"",
          "TypeError: Output: expected output() to make it, found new",
          "TypeError: Input: expected input() to make it, found new",
          "interlock: expected an array of two outputs or more, found an array"));
}

class GpioInputRefuses : public Gpio, public testing::WithParamInterface<Refusal> {};

TEST_P(GpioInputRefuses, AndNamesTheOption) {
  EXPECT_EQ(thrownBy("gpio.input(" + std::string(GetParam().options) + ")"), GetParam().error);
  EXPECT_THAT(gpio_->inputs, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    WrongOptions, GpioInputRefuses,
    testing::Values(
        Refusal{"", "TypeError undefined: input: expected an object, found undefined"},
        Refusal{"{line: 'GPIO17', pull: 'up'}",
                "TypeError undefined: input: expected one of line, bias, activeLow, edge, debounce, found "
                "\"pull\""},
        Refusal{"{}",
                "TypeError undefined: line: expected a name such as \"GPIO17\" or \"gpiochip0:17\", found "
                "undefined"},
        Refusal{
            "{line: ''}",
            "TypeError undefined: line: expected a name such as \"GPIO17\" or \"gpiochip0:17\", found \"\""},
        Refusal{"{line: 'GPIO17', debounce: -1}",
                "RangeError undefined: debounce: expected a number from 0 to 10000, found -1"},
        Refusal{"{line: 'GPIO17', debounce: '10ms'}",
                "TypeError undefined: debounce: expected a number from 0 to 10000, found \"10ms\""},
        Refusal{"{line: 'GPIO17', edge: 'up'}",
                "TypeError ERR_INVALID_ARGUMENT: edge: expected one of both, rising, falling, none, found "
                "\"up\""},
        Refusal{
            "{line: 'GPIO17', edge: null}",
            "TypeError ERR_INVALID_ARGUMENT: edge: expected one of both, rising, falling, none, found null"},
        Refusal{"{line: 'GPIO17', bias: 'pullup'}",
                "TypeError ERR_INVALID_ARGUMENT: bias: expected one of as-is, disabled, pull-up, pull-down, "
                "found "
                "\"pullup\""},
        Refusal{"{line: 'GPIO17', activeLow: 'yes'}",
                "TypeError ERR_INVALID_ARGUMENT: activeLow: expected true or false, found \"yes\""},
        Refusal{"{line: 'EXP9'}",
                "TypeError ERR_INVALID_ARGUMENT: line: expected a line's name, CHIP:OFFSET or LABEL:OFFSET, "
                "found "
                "\"EXP9\"; the nearest names are EXP0, EXP1, EXP2, EXP3, EXP4, EXP5, EXP6, EXP7"}));

class GpioInput : public Gpio {};

TEST_F(GpioInput, IsRequestedAsWanted) {
  start(
      "await gpio.input({line: 'GPIO17', activeLow: true, bias: 'pull-down', edge: 'rising', debounce: "
      "2.5});");
  ASSERT_EQ(gpio_->inputs.size(), 1u);
  const GpioInputOptions& options = gpio_->inputs.front();
  EXPECT_TRUE(options.activeLow);
  EXPECT_EQ(options.bias, GpioBias::pullDown);
  EXPECT_EQ(options.edge, GpioEdge::rising);
  EXPECT_EQ(options.debounceUs, 2500u);
  EXPECT_EQ(options.consumer, "deskd:test");
}

TEST_F(GpioInput, HasTheLevelOfItsLine) {
  gpio_->levels[17] = true;
  runToEnd(
      "const input = await gpio.input({line: 'GPIO17', edge: 'none'}); console.log(input.value);"
      "const low = await gpio.input({line: 'GPIO4', edge: 'none', activeLow: true}); "
      "console.log(low.value);");
  EXPECT_THAT(logged_, ElementsAre("true", "true"));
}

TEST_F(GpioInput, TellsItsEdges) {
  start(
      "const input = await gpio.input({line: 'GPIO17'});"
      "input.on('rising', (e) => console.log('rising', e.value, e.rising, e.sequence));"
      "input.on('falling', (e) => console.log('falling', e.value, e.rising, e.sequence));"
      "input.on('change', (e) => console.log('change', e.value, input.value));");
  gpio_->drive(17, true);
  ASSERT_TRUE(logs(2));
  gpio_->drive(17, false);
  ASSERT_TRUE(logs(4));
  EXPECT_THAT(logged_, ElementsAre("rising true true 1", "change true true", "falling false false 2",
                                   "change false false"));
}

TEST_F(GpioInput, StampsEventsOnTheClockOfPerformanceNow) {
  start(
      "const input = await gpio.input({line: 'GPIO17'}); const before = performance.now();"
      "input.on('change', (e) => console.log(before < e.timestampMs && e.timestampMs < performance.now()));");
  gpio_->drive(17, true);
  ASSERT_TRUE(logs(1));
  EXPECT_THAT(logged_, ElementsAre("true"));
}

TEST_F(GpioInput, GivesALoopOverEventsItsTurnBetweenThem) {
  start(
      "const input = await gpio.input({line: 'GPIO17'}); let count = 0;"
      "for await (const e of input.events({buffer: 1, overflow: 'error'}))"
      " if (++count === 1000) { console.log(e.sequence, input.lost); input.close(); }");
  for (int edge = 0; edge < 1000; ++edge)
    gpio_->drive(17, edge % 2 == 0);
  ASSERT_TRUE(logs(1));
  EXPECT_THAT(logged_, ElementsAre("1000 0"));
}

TEST_F(GpioInput, BoundsWhatWaitsForALoopThatIsBusy) {
  start(
      "const input = await gpio.input({line: 'GPIO17'}); const events = input.events({buffer: 3});"
      "input.on('rising', (e) => { if (e.sequence === 9) input.close(); });"
      "await input.once('close').catch(() => {}); const seen = [];"
      "for await (const e of events) seen.push(e.sequence); console.log(seen, events.dropped);");
  for (int edge = 0; edge < 9; ++edge)
    gpio_->drive(17, edge % 2 == 0);
  ASSERT_TRUE(logs(1));
  EXPECT_THAT(logged_, ElementsAre("[ 6, 7, 8 ] 5"));
}

TEST_F(GpioInput, CountsWhatTheKernelForgot) {
  start(
      "const input = await gpio.input({line: 'GPIO17'});"
      "input.on('change', (e) => { console.log(e.sequence, input.lost); if (e.sequence > 5) input.close(); "
      "});"
      "input.on('close', () => console.log(input.lost));");
  gpio_->drive(17, true, monotonicNs(), 2);
  gpio_->drive(17, false, monotonicNs(), 2);
  ASSERT_TRUE(logs(3));
  EXPECT_THAT(logged_, ElementsAre("3 2", "6 4", "4"));
}

TEST_F(GpioInput, SaysNothingAfterClose) {
  start(
      "const input = await gpio.input({line: 'GPIO17'});"
      "input.on('rising', () => { console.log('rising'); input.close(); input.close(); });"
      "input.on('change', () => console.log('change'));"
      "input.on('close', () => console.log('close'));"
      "const next = input.once('falling').catch((e) => console.log(e.code, e.message)); await next;"
      "try { input.value } catch (e) { console.log(e.code, input.closed, input.lost); }");
  gpio_->drive(17, true);
  gpio_->drive(17, false);
  loop_->run();
  EXPECT_FALSE(failure_);
  EXPECT_THAT(logged_,
              ElementsAre("rising", "close", "ERR_CLOSED input GPIO17 is closed", "ERR_CLOSED true 0"));
  EXPECT_THAT(gpio_->log, ElementsAre("release 17"));
}

TEST_F(GpioInput, DebouncesWhereTheKernelDoesNot) {
  gpio_->kernelDebounces = false;
  start(
      "const input = await gpio.input({line: 'GPIO17', debounce: 10});"
      "input.on('change', (e) => { console.log(e.value, e.sequence, input.value); });");
  for (int bounce = 0; bounce < 7; ++bounce)
    gpio_->drive(17, bounce % 2 == 0);
  ASSERT_TRUE(logs(1));
  gpio_->drive(17, false);
  ASSERT_TRUE(logs(2));
  EXPECT_THAT(logged_, ElementsAre("true 1 true", "false 2 false"));
}

TEST_F(GpioInput, RefusesListenersThatNoEdgeWouldReach) {
  runToEnd(
      "const input = await gpio.input({line: 'GPIO17', edge: 'none'});"
      "try { input.events(); } catch (e) { console.log(e.message); }"
      "const rising = await gpio.input({line: 'GPIO4', edge: 'rising'});"
      "try { rising.on('falling', () => {}); } catch (e) { console.log(e.message); } rising.close();");
  EXPECT_THAT(logged_,
              ElementsAre("input GPIO17: expected an event out of close, found \"change\"",
                          "input GPIO4: expected an event out of rising, change, close, found \"falling\""));
}

TEST_F(GpioInput, EndsTheScriptWhenItsChipGoes) {
  start(
      "const input = await gpio.input({line: 'GPIO17'});"
      "input.on('close', () => console.log('close'));");
  gpio_->failures["read"] = ENODEV;
  gpio_->drive(17, true);
  ASSERT_TRUE(runUntil(*loop_, [&] { return failure_.has_value(); }));
  EXPECT_THAT(failure_->message, HasSubstr("read gpiochip0:17: No such device"));
  EXPECT_THAT(logged_, ElementsAre("close"));
}

TEST_F(GpioInput, IsNotReleasedByGarbageCollection) {
  start(collect +
        "(await gpio.input({line: 'GPIO17'})).on('rising', () => console.log('rising'));"
        "await collect(); console.log('collected');");
  ASSERT_TRUE(logs(1));
  gpio_->drive(17, true);
  ASSERT_TRUE(logs(2));
}

// The listener closes the input, drops it and has the engine collect while the native side is still in it.
TEST_F(GpioInput, MayBeClosedDroppedAndCollectedByItsOwnListener) {
  start(collect +
        "let input = await gpio.input({line: 'GPIO17'});"
        "input.on('rising', () => { input.close(); input = null; collectNow(); console.log('done'); });");
  gpio_->drive(17, true);
  gpio_->drive(17, false);
  ASSERT_TRUE(logs(1));
  loop_->run();
  EXPECT_FALSE(failure_);
}

class GpioLines : public Gpio {};

TEST_F(GpioLines, AreListedWithWhoHoldsThem) {
  gpio_->request({{"gpiochip0", 4}}, "gpiomon", "input");
  runToEnd(
      "const lines = await gpio.lines(); console.log(lines.length);"
      "console.log(JSON.stringify(lines.find((line) => line.name === 'GPIO4')));");
  EXPECT_THAT(logged_,
              ElementsAre("36", R"({"chip":"gpiochip0","label":"pinctrl-bcm2711","offset":4,"name":"GPIO4",)"
                                R"("used":true,"consumer":"gpiomon","output":false})"));
}

TEST_F(GpioLines, ThatCannotBeListedRejectWithTheSystemsCode) {
  gpio_->failures["lines"] = EACCES;
  EXPECT_EQ(thrownBy("gpio.lines()"), "Error EACCES: lines gpiochip0: Permission denied");
  EXPECT_EQ(thrownBy("gpio.input({line: 'GPIO17'})"), "Error EACCES: lines gpiochip0: Permission denied");
}

}  // namespace
}  // namespace deskd
