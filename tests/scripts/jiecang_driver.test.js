// SPDX-License-Identifier: Apache-2.0
import {Desk} from '../../bindings/js/desk_motion.js';
import {JiecangDriver} from '../../scripts/lib/jiecang_driver.js';
import {FakeClock} from './fake_clock.js';
import {FakeJiecang, report} from './fake_jiecang.js';
import {assert, run, test} from './harness.js';

const stop = '2b00';
const up = '0100';
const down = '0200';
const goTo = (mm) => `1b02${mm.toString(16).padStart(4, '0')}`;

function setup({controller = {}, driver = {}, ...options} = {}) {
  const clock = new FakeClock();
  const jiecang = Object.assign(new FakeJiecang(clock), controller);
  const warnings = [];
  const log = {debug() {}, info() {}, notice() {}, warning: (text) => warnings.push(text), error() {}};
  const jiecangDriver = new JiecangDriver({port: jiecang, clock, log, ...driver});
  const desk = new Desk(jiecangDriver, {clock, coastMm: 1, ...options});
  return {clock, jiecang, desk, driver: jiecangDriver, warnings};
}

async function ready(options) {
  const parts = setup(options);
  assert.ok(
    await parts.clock.advanceUntil(() => parts.desk.heightMm !== null && parts.desk.maxMm === 1250, 20000),
    'found');
  await parts.clock.advance(1000);
  parts.jiecang.sent.length = 0;
  parts.jiecang.sentAt.length = 0;
  return parts;
}

async function outcome(clock, move, milliseconds = 60000) {
  let result = null;
  let error = null;
  move.then((value) => { result = value; }, (reason) => { error = reason; });
  await clock.advanceUntil(() => result !== null || error !== null, milliseconds);
  if (error) throw error;
  return result;
}

test('finds height and limits of a sleeping controller, and then leaves it alone', async () => {
  const {clock, jiecang, desk} = setup();
  assert.equal(desk.connected, false);
  assert.ok(await clock.advanceUntil(() => desk.heightMm === 800, 3000));
  await clock.advance(5000);
  assert.equal([desk.connected, desk.minMm, desk.maxMm], [true, 650, 1250]);
  assert.equal(jiecang.sent[0], stop, 'nothing that was set off earlier goes on');
  const sent = jiecang.sent.length;
  await clock.advance(600000);
  assert.equal(jiecang.sent.length, sent);
  assert.equal(clock.pending, 0);
});

test('tells when the limits are known, or that they are not in time', async () => {
  const {clock, desk, driver} = setup();
  let known = 0;
  driver.known(1500).then(() => { known = desk.maxMm; });
  await clock.advance(1000);
  assert.equal(known, 1250);
  const silent = setup({controller: {silent: true}});
  silent.driver.known(1500).then(() => { known = 'late'; });
  await silent.clock.advance(1400);
  assert.equal(known, 1250);
  await silent.clock.advance(200);
  assert.equal(known, 'late');
});

test('asks again until a controller that has just been powered answers', async () => {
  const {clock, desk} = setup({controller: {ignoresSettings: 4}});
  assert.ok(await clock.advanceUntil(() => desk.heightMm === 800, 10000));
});

test('knows limits that the user has stored, and narrower ones from the settings', async () => {
  const first = setup({controller: {userMaxMm: 1100}});
  assert.ok(await first.clock.advanceUntil(() => first.desk.maxMm === 1100, 5000));
  const second = setup({driver: {minMm: 700, maxMm: 1200}});
  assert.ok(await second.clock.advanceUntil(() => second.desk.maxMm === 1200, 5000));
  assert.equal(second.desk.minMm, 700);
});

test('reads a controller that is set to inches', async () => {
  const {clock, jiecang, desk} = setup({controller: {inches: true}});
  assert.ok(await clock.advanceUntil(() => desk.heightMm !== null && desk.maxMm === 1250, 5000));
  assert.near(desk.heightMm, 800, 2);
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal([result.reason, result.reached], ['target', true]);
  assert.equal(jiecang.heightMm, 1000);
});

test('wakes a sleeping controller before goto, and does not believe the first one arrived', async () => {
  const {clock, jiecang, desk} = await ready();
  await clock.advance(60000);
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal(result, {reached: true, heightMm: 1000, targetMm: 1000, reason: 'target'});
  assert.equal(jiecang.sent.slice(0, 2), [stop, goTo(1000)]);
  assert.ok(jiecang.sentAt[1] - jiecang.sentAt[0] >= 100);
  assert.equal(jiecang.sent.filter((frame) => frame === goTo(1000)).length, 1);
});

test('sends goto again until it is echoed', async () => {
  const {clock, jiecang, desk} = await ready();
  let lost = 2;
  const hear = jiecang.write.bind(jiecang);
  jiecang.write = async (bytes) => {
    if (bytes[2] === 0x1b && lost-- > 0) return undefined;
    return hear(bytes);
  };
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal(result.reached, true);
  assert.equal(jiecang.sent.filter((frame) => frame === goTo(1000)).length, 1);
  assert.equal(lost, -1);
});

test('stepping replaces a goto that is only echoed, and stops at the height', async () => {
  const {clock, jiecang, desk} = await ready({controller: {hasGoto: false}});
  const begun = clock.now();
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal(result.reason, 'target');
  assert.near(jiecang.heightMm, 1000, 3);
  const ups = jiecang.sent.filter((frame) => frame === up).length;
  assert.ok(ups >= 50, `steps ${ups}`);
  const firstUp = jiecang.sentAt[jiecang.sent.indexOf(up)];
  assert.ok(firstUp - begun >= 2000 && firstUp - begun <= 3500, `after ${firstUp - begun} ms`);
  assert.equal(jiecang.faults, []);
});

test('a goto that a hand ends before the first millimetre is not stepped', async () => {
  const {clock, jiecang, desk} = await ready({controller: {hasGoto: false}});
  const move = desk.moveTo(1000);
  await clock.advance(400);
  jiecang.sayHeight();  // unasked: it has begun, and was stopped
  const result = await outcome(clock, move);
  assert.equal(result.reason, 'stall');
  assert.ok(!jiecang.sent.includes(up));
  assert.equal(desk.goto, 'native');
});

test('a driver told to step never sends goto', async () => {
  const {clock, jiecang, desk} = await ready({driver: {native: false}});
  const result = await outcome(clock, desk.moveTo(900));
  assert.equal(result.reason, 'target');
  assert.ok(jiecang.sent.every((frame) => !frame.startsWith('1b')));
});

test('up and down are steps each 100 ms that end with a stop', async () => {
  const {clock, jiecang, desk} = await ready();
  const move = desk.up();
  await clock.advance(1050);
  assert.equal(jiecang.sent.filter((frame) => frame === up).length, 11);
  desk.stop();
  assert.equal(jiecang.sent[jiecang.sent.length - 1], stop);
  await clock.advance(3000);
  assert.equal(jiecang.sent[jiecang.sent.length - 1], stop, 'no step after the stop');
  assert.equal((await outcome(clock, move)).reason, 'stopped');
  assert.ok(jiecang.heightMm > 815);
  await clock.advance(3000);
  await outcome(clock, desk.down());
  assert.near(jiecang.heightMm, 650, 10);
  assert.ok(jiecang.sent.includes(down));
  assert.equal(jiecang.faults, []);
});

test('stop is on the wire before it returns', async () => {
  const {clock, jiecang, desk} = await ready();
  desk.moveTo(1200);
  await clock.advance(2000);
  jiecang.sent.length = 0;
  desk.stop();
  assert.equal(jiecang.sent, [stop]);
  assert.equal(jiecang.direction, 0);
});

test('stop cancels a goto that is still waiting for the controller to wake', async () => {
  const {clock, jiecang, desk} = await ready();
  await clock.advance(60000);
  const move = desk.moveTo(1200);
  await clock.advance(50);
  desk.stop();
  await clock.advance(5000);
  assert.equal((await outcome(clock, move)).reason, 'stopped');
  assert.equal(jiecang.heightMm, 800);
  assert.ok(!jiecang.sent.includes(goTo(1200)));
});

test('a reversal is a stop, rest, and then the new target, so the controller never faults', async () => {
  const {clock, jiecang, desk} = await ready();
  desk.moveTo(1200);
  await clock.advance(3000);
  const result = await outcome(clock, desk.moveTo(700));
  assert.equal([result.reached, jiecang.heightMm], [true, 700]);
  assert.equal(jiecang.faults, []);
  desk.up();
  await clock.advance(2000);
  desk.down();
  await clock.advance(5000);
  desk.stop();
  assert.equal(jiecang.faults, []);
});

test('recalls a stored height and learns it', async () => {
  const {clock, desk, jiecang} = await ready();
  const result = await outcome(clock, desk.recall(2));
  assert.equal([result.reason, result.heightMm], ['target', 1100]);
  assert.equal(desk.presetHeights.get(2), 1100);
  assert.equal(jiecang.sent.filter((frame) => frame === '0600').length, 1);
});

test('an error report is a fault with its meaning, stops the desk, and is over when heights come without it',
  async () => {
    const {clock, jiecang, desk, warnings} = await ready();
    const move = desk.moveTo(1200);
    await clock.advance(2000);
    jiecang.say(report(0x02, 0x01));
    assert.equal(desk.fault, {code: 'E01', text: 'motor 1 overcurrent'});
    assert.equal(jiecang.direction, 0);
    assert.equal((await outcome(clock, move)).reason, 'fault');
    await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_FAULT', message: /E01/});
    assert.equal(warnings, ['E01: motor 1 overcurrent']);
    const at = jiecang.heightMm;
    assert.ok(await clock.advanceUntil(() => desk.fault === null, 30000));
    assert.equal(jiecang.heightMm, at, 'no retry');
  });

test('overheated motors rest for 16 minutes', async () => {
  const {clock, jiecang, desk} = await ready();
  jiecang.say(report(0x02, 0x0e));
  await clock.advance(60000);
  jiecang.sayHeight();
  assert.equal(desk.fault.code, 'H01');
  await assert.rejects(desk.moveTo(900), {message: /H01: .*15 min left/});
  await clock.advance(16 * 60000);
  assert.equal(desk.fault, null);
});

test('a lost position is a fault that ends with the next height', async () => {
  const {clock, jiecang, desk} = await ready();
  jiecang.say(report(0x04));
  assert.equal(desk.fault.code, 'RST');
  assert.match(desk.fault.text, /hold DOWN/);
  await clock.advance(2000);
  jiecang.sayHeight();
  assert.equal(desk.fault, null);
  jiecang.say(report(0x40));
  assert.equal(desk.fault.code, 'RST');
});

test('a locked controller is shown and never unlocked', async () => {
  const {clock, jiecang, desk} = setup({controller: {locked: true}});
  assert.ok(await clock.advanceUntil(() => desk.fault !== null, 5000));
  assert.equal(desk.fault.code, 'LOCK');
  await clock.advance(30000);
  assert.equal(desk.fault.code, 'LOCK');
  jiecang.locked = false;
  assert.ok(await clock.advanceUntil(() => desk.fault === null, 30000));
  assert.ok(!jiecang.sent.includes('1f0101'));
});

test('heights that count from zero after a reset are no heights', async () => {
  const {jiecang, desk, warnings} = await ready();
  jiecang.say(report(0x01, 0x00, 0x67, 0x0f));
  jiecang.say(report(0x01, 0x00, 0x67, 0x0f));
  assert.equal(desk.heightMm, 800);
  assert.equal(warnings.length, 1);
});

test('a key on the hand controller ends the move', async () => {
  const {clock, jiecang, desk} = await ready();
  const move = desk.moveTo(1200);
  await clock.advance(2000);
  jiecang.say(report(0x92, 0x04));
  assert.equal((await outcome(clock, move)).reason, 'override');
  assert.equal(jiecang.direction, 0);
});

test('motion that the hand controller causes is shown', async () => {
  const {clock, jiecang, desk} = await ready();
  for (let mm = 800; mm < 830; mm += 6) {
    jiecang.heightMm = mm;
    jiecang.sayHeight();
    await clock.advance(200);
  }
  assert.equal([desk.moving, desk.direction, desk.commanded], [true, 'up', false]);
  await assert.rejects(desk.moveTo(1000), {code: 'ERR_DESK_OVERRIDE'});
});

test(
  'an unplugged port ends the move; plugged in again the desk is found and stays where it is', async () => {
    const {clock, jiecang, desk} = await ready();
    const move = desk.moveTo(1200);
    await clock.advance(2000);
    jiecang.unplug();
    assert.equal((await outcome(clock, move)).reason, 'disconnect');
    assert.equal([desk.connected, desk.heightMm], [false, null]);
    await clock.advance(20000);
    const at = jiecang.heightMm;
    jiecang.plug();
    assert.ok(await clock.advanceUntil(() => desk.connected && desk.heightMm !== null, 5000));
    await clock.advance(20000);
    assert.equal(jiecang.heightMm, at);
  });

test('a controller that falls silent is given up, and found again when it speaks', async () => {
  const {clock, jiecang, desk} = await ready();
  jiecang.silent = true;
  const result = await outcome(clock, desk.moveTo(1200));
  assert.equal(result.reason, 'stall');
  assert.ok(await clock.advanceUntil(() => !desk.connected, 20000));
  await assert.rejects(desk.moveTo(1200), {code: 'ERR_DISCONNECTED'});
  jiecang.silent = false;
  assert.ok(await clock.advanceUntil(() => desk.connected && desk.heightMm === 800, 20000));
});

test('a line that carries only garbage is explained', async () => {
  const {clock, jiecang, warnings} = setup({controller: {silent: true}});
  jiecang.stats = {frames: 0, garbageBytes: 90, badChecksums: 0, oversize: 0};
  await clock.advance(5000);
  assert.ok(warnings.some((text) => /90 bytes .*inverted/.test(text)), warnings.join());
  assert.equal(warnings.filter((text) => /inverted/.test(text)).length, 1);
});

test('broken and foreign frames are ignored', async () => {
  const {jiecang, desk} = await ready();
  jiecang.say(Uint8Array.of(0xf2, 0xf2, 0x01, 0x03, 0x04, 0xb0, 0x07, 0x00, 0x7e));
  jiecang.say(Uint8Array.of(0xf1, 0xf1, 0x2b, 0x00, 0x2b, 0x7e));
  jiecang.say(new Uint8Array(0));
  jiecang.say(report(0x77, 1, 2, 3));
  assert.equal([desk.heightMm, desk.fault], [800, null]);
});

test('shutting down puts a stop on the wire and leaves no timer', async () => {
  const {clock, jiecang, desk, driver} = await ready();
  desk.up();
  await clock.advance(500);
  jiecang.sent.length = 0;
  await driver.shutDown();
  assert.equal(jiecang.sent, [stop]);
  desk.close();
  await clock.advance(5000);
  assert.equal(jiecang.sent.filter((frame) => frame !== stop), []);
  assert.equal(clock.pending, 0);
});

await run();
