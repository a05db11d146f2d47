// SPDX-License-Identifier: Apache-2.0
import {Desk} from '../../bindings/js/desk_motion.js';
import {failsafe, LoctekDriver} from '../../scripts/lib/loctek_driver.js';
import {loctekDesk} from '../../scripts/lib/loctek_desk.js';
import {FakeClock} from './fake_clock.js';
import {FakeLoctek, frame, heightSegments, segments} from './fake_loctek.js';
import {assert, run, test} from './harness.js';

function setup({controller = {}, driver = {}, ...options} = {}) {
  const clock = new FakeClock();
  const loctek = Object.assign(new FakeLoctek(clock), controller);
  const told = [];
  const log = {
    debug() {}, info() {}, notice: (text) => told.push(text), warning: (text) => told.push(text), error() {},
  };
  const loctekDriver = new LoctekDriver({port: loctek, pin20: loctek.pin20, clock, log, ...driver});
  const desk = new Desk(loctekDriver, {clock, minMm: 650, maxMm: 1250, ...loctekDesk, ...options});
  desk.on('change', () => { if (!desk.moving) loctekDriver.atRest(); });  // as loctek.js
  return {clock, loctek, desk, driver: loctekDriver, told};
}

async function ready(options) {
  const parts = setup(options);
  assert.ok(await parts.clock.advanceUntil(() => parts.desk.heightMm !== null, 5000), 'found');
  parts.loctek.sent.length = 0;
  return parts;
}

async function asleep(options) {
  const parts = await ready(options);
  await parts.clock.advance(15000);
  assert.equal([parts.loctek.awake, parts.loctek.pin20.value], [false, false], 'asleep');
  parts.loctek.sent.length = 0;
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

test('raises PIN20, learns the height, and lets the controller sleep', async () => {
  const {clock, loctek, desk} = setup();
  assert.equal([desk.connected, loctek.pin20.value], [false, true]);
  assert.ok(await clock.advanceUntil(() => desk.heightMm === 800, 1000));
  assert.equal(desk.connected, true);
  await clock.advance(20000);
  assert.equal(loctek.pin20.changes.map(({level}) => level), [true, false]);
  assert.ok(loctek.pin20.changes[1].at - loctek.pin20.changes[0].at >= 10000);
  assert.equal([desk.connected, desk.heightMm], [true, 800], 'asleep is not gone');
  assert.equal(loctek.pressed, []);
  await clock.advance(600000);
  assert.equal(clock.pending, 0);
  assert.equal(loctek.violations, []);
});

test('answers each question, with no keys while there is nothing to do', async () => {
  const {clock, loctek} = await ready();
  await clock.advance(3100);
  assert.near(loctek.sent.length, 100, 2);
  assert.ok(loctek.sent.every(({keys}) => keys === ''));
});

for (const coastMm of [2, 4, 7, 15]) {
  test(`a held key overshoots by a coast of ${coastMm} mm and ends within 3 mm after learning`, async () => {
    const {clock, loctek, desk} = await ready({controller: {coastMm}});
    const errors = [];
    for (const target of [900, 800, 900, 800, 900, 810, 912, 790]) {
      const result = await outcome(clock, desk.moveTo(target));
      assert.equal(result.reason, 'target');
      await clock.advance(1000);
      errors.push(Math.abs(loctek.heightMm - target));
    }
    const learned = errors.slice(4);
    assert.ok(learned.every((mm) => mm <= 3), `${errors.map(Math.round)}`);
    assert.equal(loctek.violations, []);
  });
}

test('overshoots by its coast while that is not known, then corrects itself', async () => {
  const {clock, loctek, desk} = await ready({controller: {coastMm: 25}});
  let highest = 0;
  desk.on('height', (mm) => { highest = Math.max(highest, mm); });
  const result = await outcome(clock, desk.moveTo(900));
  assert.ok(highest >= 915, `highest ${highest}`);
  assert.equal(result.reason, 'target');
  assert.near(loctek.heightMm, 900, 15);
  assert.equal(loctek.violations, [], 'no reversal in motion');
});

test('finishes with five taps at most, all in one direction', async () => {
  const {clock, loctek, desk} = await ready({controller: {coastMm: 2}});
  const result = await outcome(clock, desk.moveTo(900));
  assert.equal([result.reached, result.reason], [true, 'target']);
  assert.near(loctek.heightMm, 900, 3);
  const [hold, ...taps] = loctek.pressed;
  assert.equal(hold, 'up');
  assert.ok(taps.length >= 1 && taps.length <= 5 && taps.every((key) => key === 'up'), taps.join());
});

for (const coastMm of [3, 4, 7, 10]) {
  test(`above 100 cm it ends within 3 mm of any height, with a coast of ${coastMm} mm`, async () => {
    const {clock, loctek, desk} = await ready({controller: {coastMm}, driver: {duty: {onMs: 0, offMs: 0}}});
    for (const target of [900, 800, 900, 800, 900, 800]) await outcome(clock, desk.moveTo(target));
    const errors = [];
    for (const target of [1052, 1155, 1068, 1124, 1011, 1200]) {
      assert.equal((await outcome(clock, desk.moveTo(target))).reason, 'target');
      await clock.advance(1000);
      errors.push(loctek.heightMm - target);
    }
    assert.ok(errors.every((mm) => Math.abs(mm) <= 3), errors.map((mm) => mm.toFixed(1)).join());
    assert.equal(loctek.violations, []);
  });
}

test('wakes the controller before a command, and presses only once it has shown its height', async () => {
  const {clock, loctek, desk} = await asleep();
  const move = desk.moveTo(900);
  assert.equal([loctek.pin20.value, loctek.sent.length], [true, 0]);
  await clock.advance(400);
  assert.equal(loctek.pressed, []);
  const result = await outcome(clock, move);
  assert.equal([result.reached, loctek.violations], [true, []]);
});

test('a desk that was moved while it slept is sent the right way', async () => {
  for (const [actualMm, way] of [[1000, 'down'], [700, 'up']]) {
    const {clock, loctek, desk} = await asleep();
    loctek.heightMm = actualMm;
    const result = await outcome(clock, desk.moveTo(900));
    assert.equal(result.reason, 'target', `from ${actualMm}`);
    assert.equal(loctek.pressed[0], way);
    assert.near(loctek.heightMm, 900, 9);
  }
});

test('a lost question releases keys after half a second', async () => {
  const {clock, loctek, desk, told} = await ready();
  const move = desk.moveTo(1200);
  await clock.advance(3000);
  assert.equal(loctek.keys, 'up');
  loctek.mute = true;
  await clock.advance(520);
  loctek.mute = false;
  const mark = loctek.sent.length;
  await clock.advance(300);
  assert.ok(loctek.sent.length > mark);
  assert.ok(loctek.sent.slice(mark).every(({keys}) => keys === ''), 'not pressed again');
  assert.ok(told.some((text) => /500 ms, keys released/.test(text)));
  assert.equal((await outcome(clock, move)).reason, 'stall');
  assert.equal(loctek.direction, 0);
});

test('a question that is a little late releases nothing', async () => {
  const {clock, loctek, desk} = await ready();
  desk.moveTo(1200);
  await clock.advance(3000);
  loctek.mute = true;
  await clock.advance(400);
  loctek.mute = false;
  await clock.advance(300);
  assert.equal(loctek.sent.at(-1).keys, 'up');
});

test('heights that stay away for three seconds stop the desk', async () => {
  const {clock, loctek, desk} = await ready();
  const move = desk.moveTo(1200);
  await clock.advance(3000);
  loctek.shows = segments.blank;
  const at = clock.now();
  assert.ok(await clock.advanceUntil(() => loctek.keys === '', 4000));
  assert.near(clock.now() - at, 3000, 250);
  assert.equal((await outcome(clock, move)).reason, 'stall');
});

test('stop lets go at once, and is on the wire before it returns', async () => {
  const {clock, loctek, desk} = await ready();
  desk.up();
  await clock.advance(3000);
  loctek.sent.length = 0;
  const at = loctek.heightMm;
  desk.stop();
  assert.equal(loctek.sent.map(({keys}) => keys), ['']);
  await clock.advance(2000);
  assert.near(loctek.heightMm, at + 4, 1);
  assert.equal(loctek.pressed, [], 'no tap is needed');
});

test('stop cancels a move that still waits for the controller to wake', async () => {
  const {clock, loctek, desk} = await asleep();
  const move = desk.moveTo(1000);
  await clock.advance(100);
  desk.stop();
  assert.equal((await outcome(clock, move)).reason, 'stopped');
  await clock.advance(5000);
  assert.equal([loctek.pressed, loctek.heightMm], [[], 800]);
});

test('a preset is a press of 120 to 150 ms, and the desk travels on by itself', async () => {
  const {clock, loctek, desk} = await ready();
  const result = await outcome(clock, desk.recall(2));
  assert.equal([result.reason, Math.round(loctek.heightMm)], ['target', 1100]);
  const times = loctek.sent.filter(({keys}) => keys === 'preset-2').map(({at}) => at);
  assert.ok(times.length >= 4 && times.length <= 5, `${times.length} frames`);
  const until = loctek.sent.find(({at, keys}) => at > times.at(-1) && keys === '').at;
  assert.ok(until - times[0] >= 120 && until - times[0] <= 160, `${until - times[0]} ms`);
  assert.near(desk.presetHeights.get(2), 1100, 5);
  assert.equal(loctek.violations, []);
});

test('a preset that is pressed above 100 cm leaves the height where it is until the desk moves', async () => {
  const {clock, loctek, desk} = await ready();
  await outcome(clock, desk.moveTo(1150));
  for (const [from, slot, to] of [[1033, 2, 1100], [1041, 2, 1100], [1064, 2, 1100], [1200, 1, 720]]) {
    await outcome(clock, desk.moveTo(from));
    await clock.advance(1000);
    const heights = [];
    const unsubscribe = desk.on('height', (mm) => heights.push(mm));
    const result = await outcome(clock, desk.recall(slot));
    unsubscribe();
    assert.equal(result.reason, 'target');
    assert.near(loctek.heightMm, to, 1);
    const sign = Math.sign(to - from);
    const turns = heights.filter((mm, at) => at > 0 && (mm - heights[at - 1]) * sign < -6);
    assert.equal(turns, [], heights.join());
  }
});

test('stop taps to cancel a preset, in its direction', async () => {
  for (const [slot, key] of [[1, 'down'], [2, 'up']]) {
    const {clock, loctek, desk} = await ready();
    const move = desk.recall(slot);
    await clock.advance(2500);
    assert.equal(loctek.travels, true);
    loctek.sent.length = 0;
    const at = loctek.heightMm;
    desk.stop();
    assert.equal(loctek.sent[0].keys, key, 'at once');
    assert.equal((await outcome(clock, move)).reason, 'stopped');
    assert.equal(loctek.pressed, [key], 'one tap');
    const times = loctek.sent.filter(({keys}) => keys === key).map((sent) => sent.at);
    assert.ok(times.at(-1) - times[0] <= 150);
    assert.near(loctek.heightMm, at, 7);
    assert.equal(loctek.violations, []);
  }
});

test('a preset that has hardly been pressed is cancelled, too', async () => {
  for (const deafToEarlyTaps of [false, true]) {
    const {clock, loctek, desk} = await ready({controller: {deafToEarlyTaps}});
    const move = desk.recall(2);
    await clock.advance(300);
    desk.stop();
    await clock.advance(10000);
    assert.equal((await outcome(clock, move)).reason, 'stopped');
    assert.equal(loctek.direction, 0);
    assert.near(loctek.heightMm, 800, 40);
  }
});

test('stop on a desk at rest presses nothing', async () => {
  const {clock, loctek, desk} = await ready();
  await clock.advance(1000);
  desk.stop();
  await clock.advance(2000);
  assert.equal([loctek.pressed, loctek.heightMm], [[], 800]);
  const sleeping = await asleep();
  sleeping.desk.stop();
  assert.equal(sleeping.loctek.sent, []);
});

test('stop taps what somebody has set off at the hand controller', async () => {
  const {clock, loctek, desk} = await ready();
  loctek.handMove(1);
  await clock.advance(3000);
  assert.equal([desk.moving, desk.commanded], [true, false]);
  desk.stop();
  await clock.advance(2000);
  assert.equal([loctek.direction, loctek.pressed], [0, ['up']]);
});

test('a key of the hand controller ends the move at once and blocks the next for two seconds', async () => {
  const {clock, loctek, desk} = await ready();
  const keys = [];
  desk.on('keypad', (key) => keys.push(key));
  const move = desk.moveTo(1200);
  await clock.advance(3000);
  loctek.say(frame(0x02, 0x02, 0x00));
  assert.equal(loctek.sent.at(-1).keys, '');
  loctek.say(frame(0x02, 0x02, 0x00));
  loctek.say(frame(0x02, 0x00, 0x00));
  assert.equal(keys, ['down']);
  assert.equal((await outcome(clock, move)).reason, 'override');
  await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_OVERRIDE'});
  await clock.advance(2000);
  assert.equal((await outcome(clock, desk.moveTo(900))).reason, 'target');
});

test('a key of the hand controller ends a preset without a tap of ours', async () => {
  const {clock, loctek, desk} = await ready();
  const move = desk.recall(2);
  await clock.advance(2500);
  loctek.sent.length = 0;
  loctek.handStop();
  loctek.say(frame(0x02, 0x01, 0x00));
  assert.equal((await outcome(clock, move)).reason, 'override');
  assert.equal(loctek.pressed, []);
});

test('the hand controller may be heard on a port of its own', async () => {
  const listeners = [];
  const keypad = {
    on: (_name, fn) => {
      listeners.push(fn);
      return () => listeners.splice(0);
    },
  };
  const {clock, loctek, desk, driver} = await ready({driver: {keypad}});
  const move = desk.moveTo(1200);
  await clock.advance(3000);
  for (const fn of listeners) fn(frame(0x02, 0x00, 0x00));
  await clock.advance(500);
  assert.equal(desk.commanded, true, 'idle frames are no keys');
  for (const fn of listeners) fn(frame(0x02, 0x20, 0x00));
  assert.equal((await outcome(clock, move)).reason, 'override');
  assert.equal(loctek.direction, 0);
  await driver.shutDown();
  assert.equal(listeners.length, 0);
});

test('the prompt that M opens tells that somebody is at the hand controller', async () => {
  const {clock, loctek, desk} = await ready();
  const keys = [];
  desk.on('keypad', (key) => keys.push(key));
  loctek.shows = segments.S;
  await clock.advance(1000);
  assert.equal([keys, desk.heightMm], [['m'], 800]);
});

test('PIN20 never falls while the desk moves, nor within ten seconds of its last motion', async () => {
  const {clock, loctek, desk} = await ready();
  let movedAt = 0;
  desk.on('height', () => { movedAt = clock.now(); });
  for (const act of [() => desk.moveTo(1200), () => desk.recall(1), () => desk.moveTo(800)]) {
    await outcome(clock, act());
    const falls = loctek.pin20.changes.length;
    assert.ok(await clock.advanceUntil(() => loctek.pin20.changes.length > falls, 20000));
    assert.ok(loctek.pin20.changes.at(-1).at - movedAt >= 10000);
  }
  assert.equal(loctek.violations, []);
});

test('PIN20 falls by itself if the controller says no goodbye', async () => {
  const {clock, loctek} = await ready({controller: {saysGoodbye: false}});
  await clock.advance(20000);
  assert.equal(loctek.pin20.value, false);
});

test('PIN20 stays high while a preset travels on and nothing is heard of it', async () => {
  const {clock, loctek, desk} = await ready({controller: {speedMmPerS: 12}});
  desk.recall(2).catch(() => {});
  await clock.advance(2500);
  loctek.unplug();
  await clock.advance(30000);
  assert.equal([loctek.pin20.value, loctek.violations], [true, []]);
  await clock.advance(60000);
  assert.equal(loctek.pin20.value, false);
  assert.equal(loctek.violations, []);
});

test('a PIN20 that is high at the start is left alone for ten seconds, and then the controller is woken',
  async () => {
    const clock = new FakeClock();
    const loctek = new FakeLoctek(clock);
    loctek.pin20.value = true;
    const driver = new LoctekDriver({port: loctek, pin20: loctek.pin20, clock});
    const desk = new Desk(driver, {clock, ...loctekDesk});
    await clock.advance(9900);
    assert.equal(loctek.pin20.changes, []);
    assert.ok(await clock.advanceUntil(() => desk.heightMm === 800, 3000));
    assert.equal(loctek.pin20.changes.map(({level}) => level), [false, true]);
  });

for (const [shows, code, text] of [[segments.LOC, 'LOC', /hold M/], [segments.E01, 'E01', /motor 1/],
  [segments.A2, 'A-2', /met something/], [segments.RST, 'RST', /hold DOWN/],
  [segments.timer, 'ALARM', /reminder/]]) {
  test(`${code} on the display is a fault with its meaning, and no height`, async () => {
    const {clock, loctek, desk} = await ready();
    const move = desk.moveTo(1200);
    await clock.advance(2500);
    const at = desk.heightMm;
    loctek.shows = shows;
    assert.equal((await outcome(clock, move)).reason, 'fault', code);
    assert.equal(desk.fault.code, code);
    assert.match(desk.fault.text, text);
    assert.near(desk.heightMm, at, 6);
    await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_FAULT', message: new RegExp(code)});
    await clock.advance(30000);
    const pressed = loctek.pressed.length;
    loctek.shows = null;
    assert.ok(await clock.advanceUntil(() => desk.fault === null, 70000), `${code} is over`);
    assert.equal(loctek.pressed.length, pressed, 'nothing is tried again');
    assert.equal(loctek.violations, []);
  });
}

test('a message that is seen once is none', async () => {
  const {clock, loctek, desk} = await ready();
  loctek.say(frame(0x12, ...segments.E01));
  await clock.advance(1000);
  assert.equal(desk.fault, null);
});

test('a locked controller shows it when a key is pressed, and is never unlocked', async () => {
  const {clock, loctek, desk} = await ready({controller: {locked: true}});
  assert.equal((await outcome(clock, desk.moveTo(900))).reason, 'fault');
  assert.equal(desk.fault.code, 'LOC');
  await clock.advance(200000);
  assert.ok(loctek.pressed.every((key) => key === 'up'));
  assert.equal(loctek.violations, []);
});

test('overheated motors rest for eighteen minutes', async () => {
  const {clock, loctek, desk} = await ready();
  loctek.shows = segments.HOT;
  await clock.advance(1000);
  loctek.shows = null;
  await clock.advance(60000);
  await assert.rejects(desk.moveTo(900), {message: /HOT: .*17 min left/});
  await clock.advance(17 * 60000);
  assert.equal(desk.fault, null);
});

test('motors that have run two minutes rest for eighteen', async () => {
  const {clock, loctek, desk} = await ready();
  let begun = 0;
  for (let target = 1240; desk.fault === null && begun < 20; target = target === 1240 ? 660 : 1240, begun++)
    await outcome(clock, desk.moveTo(target)).catch((error) => assert.equal(error.code, 'ERR_DESK_FAULT'));
  assert.ok(begun >= 4 && begun <= 7, `${begun} moves`);
  assert.equal(desk.fault.code, 'DUTY');
  await assert.rejects(desk.moveTo(900), {message: /DUTY: .*1[678] min left/});
  loctek.unplug();
  loctek.plug();
  assert.equal(desk.fault.code, 'DUTY', 'another cable is no rest');
  await clock.advance(18 * 60000);
  assert.equal(desk.fault, null);
  const unlimited = await ready({driver: {duty: {onMs: 0, offMs: 0}}});
  for (const target of [1240, 660, 1240, 660, 1240, 660, 1240, 660])
    await outcome(unlimited.clock, unlimited.desk.moveTo(target));
  assert.equal(unlimited.desk.fault, null);
});

test('an implausible height is not acted upon unless it is repeated', async () => {
  const {clock, loctek, desk} = await ready();
  const move = desk.moveTo(1100);
  await clock.advance(2500);
  const at = desk.heightMm;
  loctek.say(frame(0x12, ...heightSegments(1190)));
  assert.near(desk.heightMm, at, 2);
  await clock.advance(500);
  assert.equal(desk.commanded, true);
  assert.equal((await outcome(clock, move)).reason, 'target');
  assert.near(loctek.heightMm, 1100, 5);
});

test('one height alone moves nothing', async () => {
  const {clock, loctek, desk} = await asleep({controller: {wakeMs: 370}});
  loctek.displays = false;
  desk.moveTo(900).catch(() => {});
  await clock.advance(1000);
  loctek.say(frame(0x12, ...heightSegments(800)));
  await clock.advance(500);
  assert.equal(loctek.pressed, []);
});

test('heights that have not been shown for a second are not moved by', async () => {
  const {clock, loctek, desk} = await ready();
  loctek.displays = false;
  await clock.advance(2000);
  const move = desk.moveTo(900);
  await clock.advance(1000);
  assert.equal(loctek.pressed, []);
  loctek.say(frame(0x12, ...heightSegments(800)));
  await clock.advance(100);
  assert.equal(loctek.pressed, [], 'one is not enough');
  loctek.displays = true;
  assert.equal((await outcome(clock, move)).reason, 'target');
});

test('nothing is pressed while a key of the hand controller is held', async () => {
  const {clock, loctek, desk} = await ready();
  const hold = async (milliseconds) => {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      loctek.say(frame(0x02, 0x20, 0x00));
      await clock.advance(100);
    }
  };
  await hold(2500);
  const move = desk.moveTo(900);
  await hold(1000);
  assert.equal(loctek.pressed, []);
  loctek.say(frame(0x02, 0x00, 0x00));
  assert.equal((await outcome(clock, move)).reason, 'target');
});

test('digits in the other unit are no height', async () => {
  const {clock, loctek, desk} = await ready();
  loctek.shows = [0x66, 0x6d | 0x80, 0x3f];  // 45.0, the reminder's minutes
  await clock.advance(2000);
  assert.equal(desk.heightMm, 800);
});

test('a controller that does not wake is given up, tried again, and found when it is there', async () => {
  const {clock, loctek, desk, told} = setup({controller: {silent: true}});
  loctek.stats = {frames: 0, garbageBytes: 90, badChecksums: 0, oversize: 0};
  await clock.advance(20000);
  assert.equal([desk.connected, loctek.pin20.value], [false, false]);
  assert.equal(loctek.pin20.changes.filter(({level}) => level).length, 3);
  assert.ok(told.some((text) => /90 bytes .*swapped/.test(text)), told.join());
  loctek.silent = false;
  assert.ok(await clock.advanceUntil(() => desk.heightMm === 800, 40000));
});

test('an unplugged port ends the move; plugged in again the desk is found and stays there', async () => {
  const {clock, loctek, desk} = await ready();
  const move = desk.moveTo(1200);
  await clock.advance(3000);
  loctek.unplug();
  assert.equal((await outcome(clock, move)).reason, 'disconnect');
  assert.equal([desk.connected, desk.heightMm], [false, null]);
  await clock.advance(5000);
  const at = loctek.heightMm;
  loctek.plug();
  assert.ok(await clock.advanceUntil(() => desk.connected && desk.heightMm !== null, 30000));
  await clock.advance(20000);
  assert.equal(loctek.heightMm, at);
});

test('a reversal is a release, rest, and then the other key', async () => {
  const {clock, loctek, desk} = await ready();
  desk.moveTo(1200);
  await clock.advance(3000);
  const result = await outcome(clock, desk.moveTo(700));
  assert.equal(result.reason, 'target');
  assert.equal(loctek.violations, []);
  assert.equal(loctek.pressed.slice(0, 2), ['up', 'down']);
});

test('two commands in flight: the last wins', async () => {
  const {clock, loctek, desk} = await asleep();
  const first = desk.moveTo(1000);
  await clock.advance(200);
  const second = desk.moveTo(700);
  assert.equal((await outcome(clock, first)).reason, 'stopped');
  assert.equal((await outcome(clock, second)).reason, 'target');
  assert.near(loctek.heightMm, 700, 5);
  assert.equal(loctek.violations, []);
});

test('a port that takes nothing gets no keys to send later', async () => {
  const {clock, loctek, desk} = await ready();
  let release = null;
  const write = loctek.write.bind(loctek);
  let waiting = 0;
  loctek.write = (bytes) => {
    waiting++;
    return new Promise((resolve) => { release = () => resolve(write(bytes)); });
  };
  desk.up();
  await clock.advance(2000);
  assert.equal(waiting, 1);
  desk.stop();
  loctek.write = write;
  release();
  await clock.advance(3000);
  assert.near(loctek.heightMm, 800, 2);
});

test('a sleeping desk is woken for its height if that is wanted', async () => {
  const {clock, loctek, desk} = await asleep({driver: {refreshMs: 60000}});
  loctek.heightMm = 950;
  await clock.advance(62000);
  assert.equal(desk.heightMm, 950);
  assert.equal(desk.moving, false);
  assert.equal(loctek.pressed, []);
});

test('frames for somebody else are heard and not answered', async () => {
  const {clock, loctek, desk} = await asleep();
  for (let mm = 800; mm < 830; mm += 2) {
    loctek.say(frame(0x11));
    loctek.say(frame(0x12, ...heightSegments(mm)));
    await clock.advance(100);
  }
  assert.equal([desk.moving, desk.commanded, desk.heightMm], [true, false, 828]);
  assert.equal(loctek.sent, []);
});

// A generator of numbers that a seed repeats (Lehmer).
function random(seed) {
  let state = seed;
  return (below) => {
    state = state * 48271 % 2147483647;
    return state % below;
  };
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`random commands and failures violate nothing: seed ${seed}`, async () => {
    const {clock, loctek, desk} = await ready({driver: {duty: {onMs: 0, offMs: 0}}});
    const next = random(seed);
    const ignore = () => {};
    const actions = [
      () => desk.moveTo(660 + next(580)).catch(ignore),
      () => desk.moveTo(660 + next(580)).catch(ignore),
      () => desk.recall(1 + next(2)).catch(ignore),
      () => desk.up().catch(ignore),
      () => desk.down().catch(ignore),
      () => desk.stop(),
      () => { loctek.mute = !loctek.mute; },
      () => { loctek.shows = [null, segments.blank, segments.E01, segments.S][next(4)]; },
      () => loctek.say(frame(0x02, [0x01, 0x02, 0x04, 0x00][next(4)], 0x00)),
      () => { if (loctek.connected) loctek.unplug(); else loctek.plug(); },
      () => { loctek.heightMm += loctek.direction === 0 ? next(3) - 1 : 0; },
    ];
    for (let count = 0; count < 150; count++) {
      actions[next(actions.length)]();
      await clock.advance(next(3) === 0 ? next(15000) : next(700));
      assert.equal(loctek.violations, [], `after ${count} actions`);
    }
    if (!loctek.connected) loctek.plug();
    loctek.mute = false;
    loctek.shows = null;
    desk.stop();
    await clock.advance(90000);
    assert.equal([loctek.direction, loctek.pin20.value, loctek.violations], [0, false, []]);
  });
}

test('the failsafe is a tap: up for as long as it takes on the wire, then no key', () => {
  const hex = Array.from(failsafe.bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  assert.equal(hex.toUpperCase(), '9B06020100FCA09D'.repeat(7) + '9B060200006CA19D');
  assert.ok(failsafe.bytes.length <= 64, 'what a port takes');
  const wireMs = 7 * 8 * 10 * 1000 / 9600;
  assert.near(wireMs, 60, 5);
});

test('a preset is guarded from before it is pressed until the desk stands, and its lease is kept', async () => {
  const {clock, loctek, desk} = await ready();
  const move = desk.recall(2);
  assert.ok(loctek.armed !== null && loctek.sent.length === 0);
  while (desk.commanded) {
    await clock.advance(100);
    if (desk.commanded) assert.ok(clock.now() - loctek.armed <= failsafe.lease / 2, 'renewed');
  }
  assert.equal((await move).reason, 'target');
  assert.equal([loctek.armed, loctek.direction], [null, 0]);
});

test('a preset that is stopped is guarded until the desk stands', async () => {
  const {clock, loctek, desk} = await ready();
  const move = desk.recall(1);
  await clock.advance(2500);
  desk.stop();
  while (loctek.direction !== 0) {
    assert.ok(loctek.armed !== null);
    await clock.advance(20);
  }
  await outcome(clock, move);
  await clock.advance(1000);
  assert.equal(loctek.armed, null);
});

test('keys that are held are not guarded: a tap might reverse them', async () => {
  const {clock, loctek, desk} = await ready();
  desk.recall(2).catch(() => {});
  await clock.advance(2500);
  const move = desk.moveTo(700);
  while (!loctek.pressed.includes('down')) await clock.advance(20);
  assert.equal(loctek.armed, null);
  await outcome(clock, move);
});

test('a person who takes over a preset is not disturbed by the guard', async () => {
  const {clock, loctek, desk} = await ready();
  desk.recall(2).catch(() => {});
  await clock.advance(2500);
  loctek.say(frame(0x02, 0x02, 0x00));
  assert.equal(loctek.armed, null);
});

test('a desk that the guard has stopped is not sent on', async () => {
  for (const slot of [1, 2]) {
    const {clock, loctek, desk, told} = await ready();
    const move = desk.recall(slot);
    await clock.advance(2500);
    const at = loctek.heightMm;
    loctek.guardStops(failsafe.bytes, 'lease');
    assert.ok(told.some((text) => /stopped by deskd-guard: lease/.test(text)), told.join());
    assert.equal((await outcome(clock, move)).reason, 'stopped');
    assert.near(loctek.heightMm, at, 7);
    assert.equal([loctek.violations, loctek.armed, desk.presetHeights.size], [[], null, 0]);
  }
});

test('shutting down leaves a preset to the guard if the controller asks for no keys', async () => {
  for (const mute of [false, true]) {
    const {clock, loctek, desk, driver} = await ready();
    desk.recall(2).catch(() => {});
    await clock.advance(2500);
    loctek.mute = mute;
    const down = driver.shutDown();
    await clock.advance(500);
    await down;
    assert.equal(loctek.armed !== null, mute);
    const armed = loctek.armed;
    await clock.advance(2000);
    assert.equal(loctek.armed, armed, 'not renewed');
    desk.close();
  }
});

test('shutting down taps a preset to rest and leaves no timer and no listener', async () => {
  const {clock, loctek, desk, driver} = await ready();
  desk.recall(2).catch(() => {});
  await clock.advance(2500);
  const down = driver.shutDown();
  await clock.advance(400);
  await down;
  desk.close();
  assert.equal(loctek.sent.at(-1).keys, '');
  await clock.advance(1000);
  assert.equal(loctek.direction, 0);
  const sent = loctek.sent.length;
  await clock.advance(2000);
  assert.equal([loctek.sent.length, loctek.pin20.value, loctek.violations], [sent, true, []]);
});

test('shutting down while a key is held lets go', async () => {
  const {clock, loctek, desk, driver} = await ready();
  desk.up();
  await clock.advance(2000);
  await driver.shutDown();
  desk.close();
  assert.equal(loctek.sent.at(-1).keys, '');
  await clock.advance(1000);
  assert.equal(loctek.direction, 0);
});

test('tells when the height is known, or that it is not in time', async () => {
  const {clock, desk, driver} = setup();
  let known = null;
  driver.known(2000).then(() => { known = desk.heightMm; });
  await clock.advance(1000);
  assert.equal(known, 800);
  const silent = setup({controller: {silent: true}});
  silent.driver.known(2000).then(() => { known = 'late'; });
  await silent.clock.advance(2100);
  assert.equal(known, 'late');
});

await run();
