// SPDX-License-Identifier: Apache-2.0
// Outputs that move something, as scripts see them: what deskd-guard is asked, and what its answers become.
#include "tests/bindings/fake_board_fixture.h"

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Motion : public FakeBoardTest {
 protected:
  void start(const std::string& body) {
    startWithGpio(
        "const told = (e) => console.log(`${e.code}: ${e.message}`);\n"
        "const options = {line: 'GPIO17', initial: 0, safe: 0};\n" +
        body);
  }
};

TEST_F(Motion, ALeaseGoesToTheGuardAndNotToThisProcess) {
  start(
      "const up = await gpio.output({...options, lease: 300, maxOn: 30000, rest: 1000});"
      "await up.set(true); up.renew(); console.log(up.value); await up.set(0); console.log(up.value); "
      "up.close();"
      "console.log('end');");
  ASSERT_TRUE(logs(3));
  EXPECT_THAT(logged_, ElementsAre("true", "false", "end"));
  EXPECT_THAT(guard_.calls, ElementsAre("declare GPIO17 safe=0 lease=300 maxOn=30000 rest=1000", "drive 1 on",
                                        "renew 1", "drive 1 off", "forget 1"));
  EXPECT_THAT(gpio_->log, IsEmpty());
}

TEST_F(Motion, SafeMayBeHigh) {
  start(
      "const up = await gpio.output({...options, initial: 1, safe: 1, maxOn: 500});"
      "console.log(up.value); await up.set(false); console.log(up.value);");
  ASSERT_TRUE(logs(2));
  EXPECT_THAT(logged_, ElementsAre("true", "false"));
  EXPECT_EQ(guard_.calls.back(), "drive 1 on");
}

TEST_F(Motion, RefusalsAreErrorsAndChangeNothing) {
  guard_.answers = {{}, {"ERR_INTERLOCK", "another output of its interlock is on"}};
  start(
      "const up = await gpio.output({...options, lease: 300});"
      "await up.set(true).catch(told); console.log(up.value);");
  ASSERT_TRUE(logs(2));
  EXPECT_THAT(logged_, ElementsAre("ERR_INTERLOCK: another output of its interlock is on", "false"));
}

TEST_F(Motion, ALineThatCannotBeHadIsAnError) {
  guard_.answers = {{"EBUSY", "request GPIO17, held by relayd: Device or resource busy"}};
  start("await gpio.output({...options, lease: 300}).catch(told);");
  ASSERT_TRUE(logs(1));
  EXPECT_THAT(logged_, ElementsAre("EBUSY: request GPIO17, held by relayd: Device or resource busy"));
}

TEST_F(Motion, ExpiryIsAnEventAndChangesTheValue) {
  start(
      "const up = await gpio.output({...options, lease: 300});"
      "up.on('expired', ({reason}) => console.log(`expired ${reason}`));"
      "up.on('change', (value) => console.log(`now ${value}`));"
      "await up.set(true); console.log('on');");
  ASSERT_TRUE(logs(2));
  guard_.ended.at(1)("lease");
  ASSERT_TRUE(logs(4));
  EXPECT_THAT(logged_, ElementsAre("now true", "on", "expired lease", "now false"));
  guard_.ended.at(1)("guard");
  EXPECT_EQ(logged_.size(), 4u) << "it was off";
}

TEST_F(Motion, APulseIsTimedByTheGuard) {
  start(
      "const up = await gpio.output({...options, lease: 300});"
      "const pulse = up.pulse(25); pulse.then((whole) => console.log(`pulse ${whole} ${up.value}`));"
      "setTimeout(() => console.log('waiting'), 1);");
  ASSERT_TRUE(logs(1));
  EXPECT_EQ(guard_.calls.back(), "drive 1 on pulse=25");
  guard_.ended.at(1)("pulse");
  ASSERT_TRUE(logs(2));
  EXPECT_THAT(logged_, ElementsAre("waiting", "pulse true false"));
}

TEST_F(Motion, AnInterlockMakesPlainOutputsMove) {
  start(
      "const up = await gpio.output(options);"
      "const down = await gpio.output({line: 'GPIO27', initial: 0, safe: 0, lease: 200});"
      "await gpio.interlock([up, down], {deadTime: 500}); await up.set(1); console.log(up.value);");
  ASSERT_TRUE(logs(1));
  EXPECT_THAT(logged_, ElementsAre("true"));
  EXPECT_THAT(gpio_->log, ElementsAre("17=0", "17=0", "release 17"));
  EXPECT_THAT(guard_.calls, ElementsAre("declare GPIO27 safe=0 lease=200 maxOn=0 rest=0",
                                        "declare GPIO17 safe=0 lease=0 maxOn=0 rest=0",
                                        "interlock 2 1 dead=500", "drive 2 on"));
}

TEST_F(Motion, InterlockMistakesAreNamed) {
  start(
      "const up = await gpio.output({...options, lease: 300});"
      "const both = await gpio.output({lines: ['GPIO4', 'GPIO5'], initial: [0, 0], safe: [0, 0]});"
      "for (const action of [() => gpio.interlock(up), () => gpio.interlock([up, up]),"
      " () => gpio.interlock([up, both], {deadTime: 5}), () => gpio.interlock([up, up], {deadtime: 5})])"
      " await action().catch((e) => console.log(e.message));");
  ASSERT_TRUE(logs(4));
  EXPECT_THAT(logged_,
              ElementsAre("interlock: expected an array of two outputs or more, found an object",
                          "interlock: expected an object, found undefined",
                          "output GPIO4, GPIO5: expected an output of one line in an interlock, found 2",
                          "interlock: expected one of deadTime, found \"deadtime\""));
}

TEST_F(Motion, WithoutAGuardNothingMoves) {
  guard_.there = false;
  start("await gpio.output({...options, lease: 300}).catch(told);");
  ASSERT_TRUE(logs(1));
  EXPECT_THAT(logged_,
              ElementsAre("ERR_NOT_SUPPORTED: what moves is driven by deskd-guard, and there is none: run "
                          "the script under deskd"));
}

TEST_F(Motion, TheEndOfTheScriptLetsItsOutputsGo) {
  start("const up = await gpio.output({...options, lease: 300}); await up.set(1); console.log('on');");
  ASSERT_TRUE(logs(1));
  close();
  EXPECT_EQ(guard_.calls.back(), "forget 1");
}

}  // namespace
}  // namespace deskd
