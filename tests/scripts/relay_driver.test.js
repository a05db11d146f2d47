// SPDX-License-Identifier: Apache-2.0
import {Desk} from '../../bindings/js/desk_motion.js';
import {RelayDriver} from '../../scripts/lib/relay_driver.js';
import {relaySettings} from '../../scripts/lib/relay_settings.js';
import {TravelTime} from '../../scripts/lib/travel_time.js';
import {FakeClock} from './fake_clock.js';
import {FakeRelayDesk} from './fake_relay_desk.js';
import {assert, run, test} from './harness.js';

const pins = {up: 'GPIO17', down: 'GPIO27', min_mm: 650, max_mm: 1250, run_s: 0};
const sensor = {...pins, height: 'vl53l0x'};
const metered = {...sensor, current_address: 0x40, limit_a: 2, idle_a: 0.2};
const counted = {...pins, height: 'time', travel_up_s: 24, travel_down_s: 24};

// `settings` as in relay-desk.toml; `desk`: properties of the fake one.
function setup(settings = sensor, properties = {}) {
  const clock = new FakeClock();
  const hardware = new FakeRelayDesk(clock, properties);
  const options = relaySettings(settings);
  const {current, height, limits} = options;
  const told = [];
  const log = {debug() {}, notice: (text) => told.push(text), warning: (text) => told.push(text)};
  const driver = new RelayDriver({
    outputs: hardware.outputs, clock, log, ...options.driver,
    hands: {up: hardware.handUp, down: hardware.handDown},
    ...(height.kind === 'time' ?
      {time: new TravelTime({...limits, ...height}), homeMs: height.downMs, mostErrorMm: height.mostErrorMm} :
      {range: {sensor: hardware.sensor, offsetMm: height.offsetMm, everyMs: height.everyMs}}),
    ...(current === null ? {} :
      {current: hardware.current, currentLimits: current.limits, rollback: current.rollback}),
  });
  const desk = new Desk(driver, {...options.desk, clock, guard: () => driver.refusal()});
  const keys = [];
  desk.on('keypad', (key) => keys.push(key));
  return {clock, hardware, driver, desk, told, keys};
}

async function ready(settings, properties) {
  const parts = setup(settings, properties);
  assert.ok(await parts.clock.advanceUntil(() => parts.desk.heightMm !== null, 5000), 'found');
  await parts.clock.advance(1000);
  return parts;
}

async function home(properties) {
  const parts = setup({...counted, ...properties && properties.settings}, properties && properties.desk);
  parts.driver.home();
  assert.ok(await parts.clock.advanceUntil(() => parts.desk.heightMm !== null, 40000), 'is home');
  await parts.clock.advance(1500);
  return parts;
}

async function outcome(clock, move, milliseconds = 90000) {
  let result = null;
  let error = null;
  move.then((value) => { result = value; }, (reason) => { error = reason; });
  assert.ok(await clock.advanceUntil(() => result !== null || error !== null, milliseconds), 'it ends');
  if (error) throw error;
  return result;
}

function assertSafe(hardware) {
  assert.equal(hardware.shorts, 0, 'both relays on');
  assert.equal(hardware.reversals, 0, 'reversals in motion');
  assert.ok(hardware.shortestPause >= 500, `dead time, found ${hardware.shortestPause}`);
}

const off = ({up, down}) => !up.value && !down.value;

// ---- heights ----

test('knows its height after two that agree, and does not move', async () => {
  const {clock, hardware, desk} = setup();
  assert.equal([desk.connected, desk.heightMm], [false, null]);
  await clock.advance(100);
  assert.equal([desk.connected, desk.heightMm], [true, null], 'one is not enough');
  await clock.advance(300);
  assert.equal(desk.heightMm, 800);
  await clock.advance(60000);
  assert.equal([hardware.up.sets, hardware.down.sets], [[], []]);
});

test('adds what is missing from the distance', async () => {
  const {desk} = await ready({...sensor, offset_mm: 35});
  assert.equal(desk.heightMm, 835);
});

for (const coastMm of [0, 4, 12]) {
  test(`ends within 4 mm once it knows that it coasts ${coastMm} mm, and never swings`, async () => {
    const {clock, hardware, desk} = await ready(sensor, {coastMm});
    const errors = [];
    for (const target of [900, 800, 900, 800, 1000, 910, 812]) {
      assert.equal((await outcome(clock, desk.moveTo(target))).reason, 'target');
      await clock.advance(1500);
      errors.push(Math.abs(hardware.heightMm - target));
    }
    assert.ok(errors.slice(4).every((mm) => mm <= 4), errors.map((mm) => mm.toFixed(1)).join());
    assertSafe(hardware);
  });
}

test('learns its coast in each direction', async () => {
  const {clock, hardware, desk} = await ready();
  for (const target of [900, 800, 900, 800, 900, 800]) {
    hardware.coastMm = target === 900 ? 14 : 2;
    await outcome(clock, desk.moveTo(target));
    await clock.advance(1500);
  }
  hardware.coastMm = 14;
  await outcome(clock, desk.moveTo(900));
  assert.near(hardware.heightMm, 900, 4, 'up');
  hardware.coastMm = 2;
  await clock.advance(1500);
  await outcome(clock, desk.moveTo(800));
  assert.near(hardware.heightMm, 800, 4, 'down');
});

test('taps at most five times, in one direction, when it has stopped short', async () => {
  const {clock, hardware, desk} = await ready(sensor, {coastMm: 0});
  await outcome(clock, desk.moveTo(900));
  await clock.advance(1000);
  const taps = hardware.up.sets.filter(({on}) => on).length - 1;
  assert.ok(taps <= 5, `${taps} taps`);
  assert.equal(hardware.down.sets, []);
});

test('noise is no motion, and does not keep it from its height', async () => {
  const {clock, hardware, desk, keys} = await ready(sensor, {noiseMm: 4});
  await clock.advance(20000);
  assert.equal([desk.moving, keys], [false, []]);
  assert.equal((await outcome(clock, desk.moveTo(950))).reason, 'target');
  await clock.advance(2000);
  assert.near(hardware.heightMm, 950, 7);
  assert.equal(keys, []);
});

test('a height that cannot be is not believed', async () => {
  const {clock, hardware, desk} = await ready();
  const heights = [];
  desk.on('height', (mm) => heights.push(mm));
  const move = desk.moveTo(1000);
  await clock.advance(2000);
  hardware.spike(1900, 1900);
  const {reason} = await outcome(clock, move);
  assert.equal(reason, 'target');
  assert.ok(heights.every((mm) => mm <= 1010), `${Math.max(...heights)}`);
});

test('a height without a known one is refused, and so is one outside the limits or too near', async () => {
  const {clock, hardware, desk} = setup(sensor, {silent: true});
  await clock.advance(3000);
  await assert.rejects(desk.moveTo(900), {code: 'ERR_DISCONNECTED'});
  await assert.rejects(desk.up(), {code: 'ERR_DISCONNECTED'});
  assert.match(desk.fault.text, /^no height: NACK$/);
  hardware.silent = false;
  await clock.advance(2000);
  assert.equal([desk.fault, desk.heightMm], [null, 800]);
  await assert.rejects(desk.moveTo(1300), {code: 'ERR_OUT_OF_RANGE'});
  await assert.rejects(desk.moveTo(806), {code: 'ERR_TOO_SHORT'});
  assert.ok(off(hardware));
});

for (const how of ['silent', 'hangs', 'blind']) {
  test(`stops two seconds after the last height (${how})`, async () => {
    const {clock, hardware, desk} = await ready();
    const move = desk.moveTo(1200);
    await clock.advance(2000);
    hardware[how] = true;
    const lostAt = clock.now();
    assert.equal((await outcome(clock, move)).reason, 'disconnect');
    const {at} = hardware.up.sets.at(-1);
    assert.ok(at - lostAt >= 1500 && at - lostAt <= 2200, `${at - lostAt} ms`);
    assert.equal([desk.heightMm, desk.fault.code, off(hardware)], [null, 'HEIGHT', true]);
  });
}

test('stops when its height stays the same although the motor runs', async () => {
  const {clock, hardware, desk} = await ready();
  const move = desk.moveTo(1200);
  await clock.advance(3000);
  hardware.frozen = true;
  const frozenAt = clock.now();
  assert.equal((await outcome(clock, move)).reason, 'fault');
  const {at, on} = hardware.up.sets.at(-1);
  assert.equal(on, false);
  assert.ok(at - frozenAt <= 1800, `${at - frozenAt} ms`);
  assert.equal(desk.fault.code, 'STUCK');
  await clock.advance(60000);
  assert.ok(off(hardware), 'and does not try again');
  assert.equal(desk.fault, null);
});

test('a motor that does not move is stopped within a second', async () => {
  const {clock, hardware, desk} = await ready(sensor, {broken: true});
  await outcome(clock, desk.moveTo(1000));
  const [{at}, {at: end}] = hardware.up.sets;
  assert.ok(end - at <= 1000, `${end - at} ms`);
  assert.equal(desk.fault.code, 'STUCK');
});

// ---- relays ----

test('stop switches off before it returns', async () => {
  const {clock, hardware, desk} = await ready();
  desk.moveTo(1200);
  await clock.advance(2000);
  assert.ok(hardware.up.value);
  desk.stop();
  assert.ok(off(hardware));
  await clock.advance(10000);
  assert.ok(off(hardware));
});

test('stops, waits for rest and keeps the dead time before it goes the other way', async () => {
  const {clock, hardware, desk} = await ready(sensor, {coastMm: 10});
  desk.moveTo(1200);
  await clock.advance(2000);
  const result = await outcome(clock, desk.moveTo(700));
  assert.equal([result.reason, hardware.reversals], ['target', 0]);
  assert.ok(hardware.shortestPause >= 500, `${hardware.shortestPause}`);
});

test('is patient with the guard\'s dead time, and asks again only that', async () => {
  const {clock, hardware, desk} = await ready();
  hardware.down.offAt = clock.now() - 100;  // another process had it on
  assert.equal((await outcome(clock, desk.moveTo(900))).reason, 'target');
  hardware.refuses = 'ERR_RESTING';
  await clock.advance(2000);
  assert.equal((await outcome(clock, desk.moveTo(1000))).reason, 'fault');
  assert.equal(desk.fault.code, 'RELAY');
  hardware.refuses = null;
  await clock.advance(10000);
  assert.ok(off(hardware));
  assert.equal(desk.fault, null);
});

for (const reason of ['maxOn', 'guard', 'supervisor']) {
  test(`a relay that the guard has switched off (${reason}) stays off, and the move is over`, async () => {
    const {clock, hardware, desk} = await ready();
    const move = desk.moveTo(1200);
    await clock.advance(2000);
    hardware.up.expire(reason);
    assert.equal((await outcome(clock, move)).reason, 'fault');
    await clock.advance(20000);
    assert.ok(off(hardware));
  });
}

test('renews its lease while it runs', async () => {
  const {clock, hardware, desk} = await ready();
  assert.equal((await outcome(clock, desk.moveTo(1200))).reason, 'target');
  assert.ok(clock.now() - hardware.up.renewedAt < 20000);
  const {at} = hardware.up.sets[0];
  assert.ok(hardware.up.sets[1].at - at > 5000, 'it was on all the time');
});

test('the motor rests when it has run as long as it may', async () => {
  const {clock, hardware, desk} = await ready({...sensor, run_s: 20, rest_s: 180});
  let ended = null;
  for (let count = 0; count < 5 && ended !== 'fault'; count++)
    ended = (await outcome(clock, desk.moveTo(desk.heightMm < 900 ? 1000 : 700))).reason;
  assert.equal([ended, desk.fault.code, off(hardware)], ['fault', 'DUTY', true]);
  await assert.rejects(desk.moveTo(800), {code: 'ERR_DESK_FAULT', message: /rests now, \d+ (s|min) left/});
  await clock.advance(181000);
  assert.equal(desk.fault, null);
});

test('a move takes no longer than its way allows', async () => {
  const {clock, hardware, desk} = await ready({...sensor, speed_mm_per_s: 100}, {speedMmPerS: 6});
  assert.equal((await outcome(clock, desk.moveTo(1200))).reason, 'timeout');
  assert.ok(off(hardware));
});

// ---- current ----

test('the start of the motor is no obstacle', async () => {
  const {clock, hardware, desk} = await ready(metered);
  assert.equal((await outcome(clock, desk.moveTo(900))).reason, 'target');
  assertSafe(hardware);
});

test('an obstacle stops it at once, it backs off, and does not try again', async () => {
  const {clock, hardware, desk, keys} = await ready(metered, {obstacleMm: 900});
  const move = desk.moveTo(1100);
  await clock.advanceUntil(() => hardware.heightMm >= 899, 10000);
  const hitAt = clock.now();
  assert.equal((await outcome(clock, move)).reason, 'fault');
  const stop = hardware.up.sets.at(-1);
  assert.ok(!stop.on && stop.at - hitAt <= 400, `stopped after ${stop.at - hitAt} ms`);
  assert.equal(desk.fault.code, 'OBSTACLE');
  assert.match(desk.fault.text, /something is in the way above: the motor drew 3.0 A/);
  assert.ok(await clock.advanceUntil(() => hardware.down.value, 1000), 'backs off');
  assert.equal([desk.moving, desk.direction], [true, 'down']);
  await assert.rejects(desk.moveTo(800), {code: 'ERR_DESK_FAULT'});
  await clock.advance(3000);
  assert.near(hardware.heightMm, 876, 6, 'rolled back');
  assert.equal(desk.moving, false);
  await clock.advance(60000);
  assert.equal([hardware.up.sets.length, hardware.down.sets.length], [2, 2], 'nothing by itself');
  assert.equal([desk.fault, keys], [null, []], 'and nobody\'s hand');
  assertSafe(hardware);
  assert.equal((await outcome(clock, desk.moveTo(800))).reason, 'target');
});

test('an obstacle below', async () => {
  const {clock, hardware, desk} = await ready(metered, {obstacleMm: 700});
  assert.equal((await outcome(clock, desk.moveTo(660))).reason, 'fault');
  await clock.advance(4000);
  assert.near(hardware.heightMm, 724, 6);
  assertSafe(hardware);
});

test('stop ends the backing off', async () => {
  const {clock, hardware, desk} = await ready({...metered, rollback_mm: 100}, {obstacleMm: 900});
  const move = desk.moveTo(1100);
  await outcome(clock, move);
  assert.ok(await clock.advanceUntil(() => hardware.down.value, 1000));
  desk.stop();
  assert.equal([off(hardware), desk.moving], [true, false]);
  await clock.advance(10000);
  assert.ok(off(hardware));
});

test('a button of the hand switch ends the backing off', async () => {
  const {clock, hardware, desk} = await ready({...metered, rollback_mm: 100}, {obstacleMm: 900});
  await outcome(clock, desk.moveTo(1100));
  assert.ok(await clock.advanceUntil(() => hardware.down.value, 1000));
  hardware.handUp.set(true);
  assert.ok(off(hardware));
});

test('the driver drives nothing while something is wrong, whoever asks it', async () => {
  const {clock, hardware, desk, driver} = await ready(metered, {obstacleMm: 900});
  await outcome(clock, desk.moveTo(1100));
  await clock.advance(3000);
  assert.equal(desk.fault.code, 'OBSTACLE');
  for (const ask of [() => driver.raise(), () => driver.lower(), () => driver.tap('down')]) {
    ask();
    await clock.advance(20);
    assert.ok(off(hardware));
  }
});

test('backing off ends after its time, and at what is there', async () => {
  const {clock, hardware, desk} = await ready({...metered, rollback_mm: 200, rollback_ms: 1000}, {obstacleMm: 900});
  await outcome(clock, desk.moveTo(1100));
  await clock.advance(5000);
  const [{at}, {at: end}] = hardware.down.sets;
  assert.near(end - at, 1000, 60);
  assert.ok(off(hardware));
});

test('without a rollback it only stops', async () => {
  const {clock, hardware, desk} = await ready({...metered, rollback_ms: 0}, {obstacleMm: 900});
  await outcome(clock, desk.moveTo(1100));
  await clock.advance(5000);
  assert.equal(hardware.down.sets, []);
});

test('a limit switch ends the move', async () => {
  const {clock, hardware, desk} = await ready(metered, {maxMm: 1240});
  const {reason} = await outcome(clock, desk.up());
  assert.equal([reason, desk.fault, off(hardware)], ['limit', null, true]);
  const [, {at}] = hardware.up.sets;
  assert.ok(at - hardware.up.sets[0].at < 440 / 25 * 1000 + 600, 'at once');
});

test('no current where no end is stops it', async () => {
  const {clock, hardware, desk} = await ready(metered, {broken: true});
  assert.equal((await outcome(clock, desk.moveTo(1000))).reason, 'fault');
  assert.equal([desk.fault.code, off(hardware)], ['NO_CURRENT', true]);
  assert.match(desk.fault.text, /draws no current at 800 mm/);
});

test('a current that cannot be measured any more stops it, and nothing begins before it can', async () => {
  const {clock, hardware, desk} = await ready(metered);
  const move = desk.moveTo(1200);
  await clock.advance(2000);
  hardware.deafCurrent = true;
  const deafAt = clock.now();
  assert.equal((await outcome(clock, move)).reason, 'fault');
  assert.ok(hardware.up.sets.at(-1).at - deafAt <= 1200);
  assert.equal(desk.fault.code, 'CURRENT');
  await assert.rejects(desk.moveTo(800), {code: 'ERR_DESK_FAULT'});
  hardware.deafCurrent = false;
  await clock.advance(2000);
  assert.equal(desk.fault, null);
});

test('a contact that does not open any more is told, and nothing begins after it', async () => {
  const {clock, hardware, desk} = await ready(metered, {welded: 'up'});
  await outcome(clock, desk.moveTo(900));
  await clock.advance(3000);
  assert.equal(desk.fault.code, 'WELDED');
  hardware.welded = null;
  hardware.run();
  await clock.advance(60000);
  await assert.rejects(desk.moveTo(800), {code: 'ERR_DESK_FAULT'});
  assert.ok(off(hardware));
});

// ---- the hand switch ----

test('a button of the hand switch ends the move at once, and blocks the next for two seconds', async () => {
  const {clock, hardware, desk, keys} = await ready();
  const move = desk.moveTo(1200);
  await clock.advance(2000);
  hardware.handDown.set(true);
  assert.ok(off(hardware), 'at once');
  await clock.advance(200);
  hardware.handDown.set(false);
  assert.equal((await outcome(clock, move)).reason, 'override');
  assert.equal(keys[0], 'down');
  await assert.rejects(desk.moveTo(1000), {code: 'ERR_DESK_OVERRIDE'});
  await clock.advance(4000);
  assert.equal((await outcome(clock, desk.moveTo(1000))).reason, 'target');
});

test('nothing begins while a button is held, however long', async () => {
  const {clock, hardware, desk} = await ready();
  hardware.heightMm = hardware.maxMm;  // where the button moves nothing any more
  await clock.advance(5000);
  hardware.handUp.set(true);
  await clock.advance(10000);
  await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_GUARD', message: /the hand switch is pressed \(up\)/});
  assert.ok(off(hardware));
});

test('a desk that is moved without its buttons being seen is left alone, too', async () => {
  const {clock, hardware, desk, keys} = await ready();
  for (let count = 0; count < 20; count++) {
    hardware.heightMm += 5;
    await clock.advance(250);
  }
  assert.equal(keys, ['up']);
  await assert.rejects(desk.moveTo(1200), {code: 'ERR_DESK_OVERRIDE'});
});

// ---- without a sensor ----

test('without a sensor nothing moves before it was home', async () => {
  const {clock, hardware, desk, driver} = setup(counted);
  await clock.advance(1000);
  assert.equal([desk.connected, desk.heightMm, desk.fault.code], [true, null, 'HOME']);
  await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_FAULT', message: /let it go home/});
  await assert.rejects(desk.down(), {code: 'ERR_DESK_FAULT'});
  assert.ok(off(hardware));
  driver.home();
  assert.throws(() => driver.home(), {message: /moves by itself/});
  await clock.advance(100);
  assert.equal([hardware.down.value, desk.moving, desk.direction], [true, true, 'down']);
  await clock.advance(30000);
  assert.equal([hardware.heightMm, desk.heightMm, desk.fault], [650, 650, null]);
  assert.equal([desk.moving, off(hardware)], [false, true]);
});

test('stop ends the way home, and where it is stays unknown', async () => {
  const {clock, hardware, desk, driver} = setup(counted, {heightMm: 1200});
  driver.home();
  await clock.advance(5000);
  desk.stop();
  await clock.advance(1000);
  assert.equal([off(hardware), desk.heightMm, desk.fault.code], [true, null, 'HOME']);
});

test('where it is is not known any more when it does not come home again', async () => {
  const {clock, hardware, desk, driver} = await home();
  await outcome(clock, desk.moveTo(1000));
  await clock.advance(1500);
  driver.home();
  assert.equal(desk.heightMm, null);
  await clock.advance(2000);
  desk.stop();
  await clock.advance(3000);
  assert.equal([off(hardware), desk.heightMm, desk.fault.code], [true, null, 'HOME']);
});

test('counts its height by time, and is certain again at an end', async () => {
  const {clock, hardware, desk, driver} = await home({desk: {speedMmPerS: 26, coastMm: 2}});
  for (const target of [900, 750, 1000, 800]) {
    assert.equal((await outcome(clock, desk.moveTo(target))).reason, 'target');
    await clock.advance(1500);
    assert.near(hardware.heightMm, desk.heightMm, driver.errorMm + 25, `at ${target}`);
  }
  assert.ok(driver.errorMm > 5, `${driver.errorMm}`);
  assert.equal((await outcome(clock, desk.moveTo(1250))).reason, 'target');
  await clock.advance(2000);
  assert.equal([hardware.heightMm, desk.heightMm, driver.errorMm], [1250, 1250, 0]);
  assertSafe(hardware);
});

test('is really at the end although the motor was slower than it should be', async () => {
  const {clock, hardware, desk} = await home({desk: {speedMmPerS: 24.8, coastMm: 0}});
  await outcome(clock, desk.moveTo(900));
  await clock.advance(1500);
  await outcome(clock, desk.moveTo(650));
  await clock.advance(1500);
  assert.equal([hardware.heightMm, desk.heightMm], [650, 650]);
});

test('what was counted for too long is not believed any more', async () => {
  const {clock, hardware, desk} = await home({settings: {rehome_mm: 20}});
  let refused = null;
  for (let count = 0; count < 10 && refused === null; count++) {
    await outcome(clock, desk.moveTo(count % 2 === 0 ? 1000 : 800)).catch((error) => { refused = error; });
    await clock.advance(2000);
  }
  assert.equal([refused.code, desk.fault.code, desk.heightMm], ['ERR_DESK_FAULT', 'HOME', null]);
  assert.ok(off(hardware));
});

test('a limit switch tells where it is', async () => {
  const {clock, hardware, driver, desk} = setup({...counted, current_address: 0x40, limit_a: 2, idle_a: 0.2});
  await clock.advance(1000);
  driver.home();
  const begun = clock.now();
  assert.ok(await clock.advanceUntil(() => desk.heightMm !== null, 40000));
  assert.ok(clock.now() - begun < 150 / 25 * 1000 + 1500, 'sooner than its time is over');
  await clock.advance(1500);
  hardware.speedMmPerS = 26;
  await outcome(clock, desk.moveTo(1250));
  await clock.advance(1500);
  assert.equal([hardware.heightMm, desk.heightMm], [1250, 1250]);
});

test('an obstacle on the way home ends it', async () => {
  const {clock, hardware, driver, desk} = setup({...counted, current_address: 0x40, limit_a: 2}, {obstacleMm: 700});
  await clock.advance(1000);
  driver.home();
  assert.ok(await clock.advanceUntil(() => desk.fault.code === 'OBSTACLE', 20000));
  await clock.advance(60000);
  assert.equal([off(hardware), desk.heightMm, desk.fault.code], [true, null, 'HOME']);
});

test('counts what the hand switch does as well', async () => {
  const {clock, hardware, desk} = await home();
  hardware.handUp.set(true);
  await clock.advance(4000);
  hardware.handUp.set(false);
  await clock.advance(2000);
  assert.near(desk.heightMm, hardware.heightMm, 6);
  assert.near(desk.heightMm, 750, 6);
});

test('ends with both relays off, no timer, and without a word afterwards', async () => {
  const {clock, hardware, desk, driver} = await ready(metered);
  desk.moveTo(1200);
  await clock.advance(1000);
  desk.close();
  driver.shutDown();
  assert.ok(off(hardware));
  await clock.advance(5000);
  assert.equal(clock.pending, 0);
});

await run();
