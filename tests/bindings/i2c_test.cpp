// SPDX-License-Identifier: Apache-2.0
// deskd:i2c on a bus of simulated chips.
#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cstdlib>

#include "hal/base/unique_fd.h"
#include "tests/bindings/script_fixture.h"
#include "tests/fakes/sim_bus.h"
#include "tests/hal/loop_runner.h"

namespace deskd {
namespace {

using namespace test;
using Fault = SimBus::Fault;
using testing::ElementsAre;
using testing::HasSubstr;

class I2cScripts : public ScriptTest {
 protected:
  I2cScripts() {
    i2c_.add(0x29, "vl53l1x");
    i2c_.add(0x48, "lm75");
    i2c_.add(0x76, "bme280");
    board_ = std::make_unique<SimBusBoard>(i2c_);
    services_.script.boardPath = path("board");
  }
  ~I2cScripts() override { close(); }

  // `source` has the module as `i2c`, and `tell(promise)`, which prints what it became.
  void runI2c(const std::string& source) {
    run("import * as i2c from 'deskd:i2c';\n"
        "const tell = async (promise) => { try { console.log(await promise); } catch (error) {"
        "  console.log(`${error.name} ${error.code}: ${error.message}`); } };\n" +
        source);
    if (failure_) ADD_FAILURE() << failure_->message << "\n" << failure_->stack;
  }

  SimBus i2c_;
};

TEST_F(I2cScripts, TransferInOneTransaction) {
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76});"
      "console.log(await device.transfer([{write: [0xd0]}, {read: 1}, {write: [0x88]}, {read: 2}]));"
      "console.log(device.bus, device.address, device.closed); device.close(); console.log(device.closed);");
  EXPECT_THAT(logged_, ElementsAre("[ Uint8Array(1) <60>, Uint8Array(2) <70 6b> ]", "1 118 false", "true"));
}

TEST_F(I2cScripts, EndWithoutClosingWhenNothingIsLeftToDo) {
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76}); console.log(await device.readUint8(0xd0));");
  EXPECT_THAT(logged_, ElementsAre("96"));
}

TEST_F(I2cScripts, ReadAndWriteRegisters) {
  runI2c(
      "const bme = await i2c.open({bus: 'i2c-1', address: 0x76});"
      "const lm75 = await i2c.open({bus: '1', address: 0x48});"
      "const vl53 = await i2c.open({bus: 'i2c-1', address: 0x29});"
      "const wide = {registerBytes: 2};"
      "console.log(await bme.readUint16(0x88, {order: 'little'}), await bme.readInt16(0x8c, {order: "
      "'little'}));"
      "console.log(await lm75.readRegister(2, {length: 2}), await lm75.readInt16(0));"
      "await lm75.writeRegister(3, 0x1e00, {length: 2}); console.log(await lm75.readUint16(3));"
      "await lm75.writeRegister(3, -256 * 20, {length: 2}); console.log(await lm75.readInt16(3));"
      "await lm75.writeRegister(2, [0x19, 0]); console.log(await lm75.readUint16(2));"
      "console.log((await vl53.readUint16(0x10f, wide)).toString(16));"
      "await vl53.writeRegister(0x6c, 100000, {...wide, length: 4});"
      "console.log(await vl53.readRegister(0x6c, {...wide, length: 4}));"
      "console.log(await vl53.readUint16(0x0f01, {...wide, order: 'little'}));"
      "console.log(await vl53.readUint16(0x010f, {...wide, order: 'little', registerOrder: 'big'}));"
      "await bme.write([0xe0]); console.log(await bme.read(1));");
  EXPECT_THAT(logged_, ElementsAre("27504 -1000", "Uint8Array(2) <4b 00> 6400", "7680", "-5120", "6400",
                                   "eacc", "Uint8Array(4) <00 01 86 a0>", std::to_string(0xCCEA),
                                   std::to_string(0xCCEA), "Uint8Array(1) <00>"));
}

TEST_F(I2cScripts, CheckTheirOptions) {
  runI2c(
      "await tell(i2c.open({bus: 1, adress: 0x76}));"
      "await tell(i2c.open({bus: 1}));"
      "await tell(i2c.open({address: 0x76}));"
      "await tell(i2c.open({bus: 1, address: 0x80}));"
      "await tell(i2c.open({bus: 1, address: 0x129, tenBit: true, pec: true}));"
      "await tell(i2c.open({bus: 1, address: 0x76, timeout: 0}));"
      "const device = await i2c.open({bus: 1, address: 0x76});"
      "await tell(device.transfer([{write: [1], read: 1}]));"
      "await tell(device.transfer([]));"
      "await tell(device.transfer([{read: 0}]));"
      "await tell(device.readRegister(256));"
      "await tell(device.readRegister());"
      "await tell(device.writeRegister(1, 256));"
      "await tell(device.writeRegister(1, 1, {order: 'middle'}));"
      "await tell(device.lock());"
      "try { new i2c.I2cDevice(); } catch (error) { console.log(error.message); }");
  EXPECT_THAT(
      logged_,
      ElementsAre(HasSubstr("open: expected one of bus, address, tenBit"),
                  "TypeError undefined: address: expected the address of the device, found undefined",
                  HasSubstr("bus: expected a number or a name"),
                  HasSubstr("address (without tenBit): expected an integer from 0 to 127, found 128"),
                  HasSubstr("pec: expected no 10-bit address"),
                  HasSubstr("timeout: expected an integer from 1"),
                  HasSubstr("segment 1: expected either write or read, found \"write, read\""),
                  HasSubstr("segments: expected an array of 1 to 42, found 0"),
                  HasSubstr("segment 1: read: expected an integer from 1 to 8192, found 0"),
                  HasSubstr("RangeError undefined: register: expected an integer from 0 to 255"),
                  HasSubstr("TypeError undefined: register: expected an integer from 0 to 255, found null"),
                  HasSubstr("value: expected an integer from -128 to 255"),
                  HasSubstr("order: expected \"big\" or \"little\""), HasSubstr("lock: expected a function"),
                  HasSubstr("expected open() to make it")));
}

TEST_F(I2cScripts, ErrorsHaveCodesThatDoNotDependOnTheAdapter) {
  i2c_.fail(Fault::none);
  runI2c("const nobody = await i2c.open({bus: 1, address: 0x55}); await tell(nobody.read(1));");
  EXPECT_THAT(logged_,
              ElementsAre("Error ERR_NACK: i2c-1 address 0x55: expected an acknowledgement, found none"));
  i2c_.fail(Fault::nack);
  runI2c("const device = await i2c.open({bus: 1, address: 0x76}); await tell(device.read(1));");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("ERR_NACK")));
  i2c_.fail(Fault::arbitration);
  runI2c("const device = await i2c.open({bus: 1, address: 0x76}); await tell(device.read(1));");
  EXPECT_THAT(logged_, ElementsAre("Error ERR_BUS: i2c-1 address 0x76: lost the bus to another master"));
  i2c_.fail(Fault::gone, 1);
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76}); await tell(device.read(1));"
      "await tell(device.readUint8(0xd0));");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("ENODEV"), "96"));
}

TEST_F(I2cScripts, RetryAsTheyAreTold) {
  i2c_.fail(Fault::arbitration, 2);
  runI2c("const device = await i2c.open({bus: 1, address: 0x76}); await tell(device.readUint8(0xd0));");
  EXPECT_THAT(logged_, ElementsAre("96")) << "2 by default";
  i2c_.fail(Fault::arbitration, 1);
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76, retries: 0}); await "
      "tell(device.readUint8(0xd0));");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("ERR_BUS")));
  i2c_.fail(Fault::nack, 3);
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76}); await tell(device.readUint8(0xd0));"
      "await tell(device.readUint8(0xd0, {retryNack: true}));");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("ERR_NACK"), "96"));
}

TEST_F(I2cScripts, UnknownBusesListTheKnown) {
  runI2c("await tell(i2c.open({bus: 9, address: 0x76})); await tell(i2c.scan(9));");
  EXPECT_THAT(logged_,
              ElementsAre(HasSubstr("ENOENT: open I2C bus i2c-9; there is i2c-1"), HasSubstr("ENOENT")));
}

TEST_F(I2cScripts, CheckPacketErrorCodes) {
  // A register that the model does not have reads 0, and a code of 0 fits nothing here.
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76, pec: true}); await "
      "tell(device.readUint8(0xd0));");
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("ERR_BUS: read from i2c-1 address 0x76: packet error code")));
}

TEST_F(I2cScripts, ScanTheBus) {
  i2c_.add(0x68, "lm75");
  i2c_.keep(0x68);
  runI2c("await tell(i2c.scan(1)); await tell(i2c.scan('i2c-1', {timeout: 5000}));");
  EXPECT_THAT(logged_, ElementsAre("[ 41, 72, 118 ]", "[ 41, 72, 118 ]"));
}

TEST_F(I2cScripts, RejectWhatTheBusDoesNotAnswerInTime) {
  i2c_.fail(Fault::stuck);
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76, timeout: 20});"
      "await tell(device.read(1)); await tell(device.read(1, {timeout: 10}));"
      "await tell(i2c.scan(1, {timeout: 10}));");
  EXPECT_THAT(logged_,
              ElementsAre("Error ETIMEDOUT: i2c-1 address 0x76: expected an answer within 20 ms, found the "
                          "bus still at it",
                          HasSubstr("within 10 ms, found what was asked for before it unfinished"),
                          HasSubstr("ETIMEDOUT: scan of i2c-1: expected an answer within 10 ms")));
}

TEST_F(I2cScripts, ClosingRejectsWhatIsUnderWayAndCallsNobodyLater) {
  i2c_.fail(Fault::stuck);
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76});"
      "const told = [tell(device.read(1)), tell(device.read(1))];"
      "device.close(); device.close(); await Promise.all(told); await tell(device.read(1));"
      "await tell(device.lock(() => {}));");
  EXPECT_THAT(logged_,
              ElementsAre("Error ERR_CLOSED: I2C device 0x76 on bus 1 is closed", HasSubstr("ERR_CLOSED"),
                          HasSubstr("ERR_CLOSED"), HasSubstr("ERR_CLOSED")));
  i2c_.fail(Fault::none);
}

TEST_F(I2cScripts, ManyDevicesShareABusAndTheLastToCloseGivesItBack) {
  runI2c(
      "const names = [1, '1', 'i2c-1', '/dev/i2c-1'];"
      "const devices = await Promise.all(names.map((bus) => i2c.open({bus, address: 0x76})));"
      "await Promise.all(devices.map((device) => device.readUint8(0xd0)));"
      "for (const device of devices) device.close();"
      "await new Promise((resolve) => { setTimeout(resolve, 1); });"
      "const again = await i2c.open({bus: 1, address: 0x76}); await tell(again.readUint8(0xd0));");
  EXPECT_THAT(logged_, ElementsAre("96"));
  EXPECT_EQ(i2c_.opened(), 2);
}

TEST_F(I2cScripts, OpeningAgainWhileTheBusIsStuckStartsNoSecondThread) {
  i2c_.fail(Fault::stuck);
  runI2c(
      "for (let i = 0; i < 3; i++) {"
      "  const device = await i2c.open({bus: 1, address: 0x76, timeout: 10}).catch(() => null);"
      "  if (device) { await device.read(1).catch((error) => console.log(error.code)); device.close(); }"
      "  else break;"
      "}");
  EXPECT_EQ(i2c_.opened(), 1);
  i2c_.fail(Fault::none);
}

TEST_F(I2cScripts, LocksKeepOtherProcessesOut) {
  const UniqueFd other(::open(path("board.i2c-1.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76, timeout: 200});"
      "await tell(device.read(1)); await tell(device.lock(() => 1, {timeout: 20}));");
  EXPECT_THAT(logged_,
              ElementsAre(HasSubstr("ETIMEDOUT: i2c-1 address 0x76: expected an answer within 200 ms, found "
                                    "the bus locked by another process"),
                          HasSubstr("ETIMEDOUT: lock of i2c-1")));
  ASSERT_EQ(::flock(other.get(), LOCK_UN), 0);
}

TEST_F(I2cScripts, LocksOfOneScriptTakeTurnsAndPassOnWhatTheirFunctionDoes) {
  runI2c(
      "const a = await i2c.open({bus: 1, address: 0x76}), b = await i2c.open({bus: 1, address: 0x48});"
      "const log = []; const sleep = () => new Promise((resolve) => { setTimeout(resolve, 2); });"
      "const first = a.lock(async (device) => {"
      "  log.push('a'); await sleep(); log.push(device === a, await b.readUint16(2)); return 'done'; });"
      "const second = b.lock(async () => { log.push('b'); throw new RangeError('mine'); });"
      "const third = b.lock(() => { log.push('c'); });"
      "await tell(first); await tell(second); await tell(third); console.log(log.join(' '));");
  EXPECT_THAT(logged_, ElementsAre("done", "RangeError undefined: mine", "undefined", "a true 19200 b c"));
}

TEST_F(I2cScripts, AClosedDeviceGivesItsLockBack) {
  runI2c(
      "const a = await i2c.open({bus: 1, address: 0x76}), b = await i2c.open({bus: 1, address: 0x48});"
      "await a.lock(async () => { a.close(); await tell(b.lock(() => 'b has it', {timeout: 1000})); });");
  EXPECT_THAT(logged_, ElementsAre("b has it"));
}

TEST_F(I2cScripts, AStuckBusDoesNotDelayTheTimersOfItsScript) {
  const char* patience = std::getenv("DESKD_PATIENCE");
  // Stuck for 300 ms; 20 are promised, and a busy machine takes some for itself.
  const double mostMs = 100 * (patience != nullptr ? std::max(std::atof(patience), 1.0) : 1.0);
  i2c_.fail(Fault::stuck);
  runI2c(
      "const device = await i2c.open({bus: 1, address: 0x76, timeout: 300});"
      "const others = await Promise.all([0x48, 0x29].map((address) => i2c.open({bus: 1, address, timeout: "
      "200})));"
      "let worst = 0, ticks = 0, due = performance.now() + 5;"
      "const tick = () => { const now = performance.now(); worst = Math.max(worst, now - due); ticks += 1;"
      "  due = now + 5; timer = setTimeout(tick, 5); };"
      "let timer = setTimeout(tick, 5);"
      "await Promise.all([device.read(1), ...others.map((other) => other.readUint16(0))].map("
      "  (promise) => promise.catch((error) => console.log(error.code))));"
      "clearTimeout(timer); console.log(ticks > 10, worst);");
  ASSERT_EQ(logged_.size(), 4U);
  EXPECT_THAT(logged_, ElementsAre("ETIMEDOUT", "ETIMEDOUT", "ETIMEDOUT", HasSubstr("true ")));
  EXPECT_LE(std::atof(logged_[3].c_str() + 5), mostMs);
}

TEST_F(I2cScripts, UnloadWhileTheBusIsStuck) {
  i2c_.fail(Fault::stuck);
  write("test.js",
        "import * as i2c from 'deskd:i2c'; const device = await i2c.open({bus: 1, address: 0x76});"
        "device.read(1, {timeout: 600000}).then(() => console.log('never'), () => console.log('never'));");
  open();
  ASSERT_FALSE(loadError_);
  isolate_->run();
  ASSERT_TRUE(runUntilSeen(*loop_, [&] { return !i2c_.transfers().empty(); }));
  close();  // expects that nothing is left on the loop
  EXPECT_THAT(logged_, ElementsAre());
}

}  // namespace
}  // namespace deskd
