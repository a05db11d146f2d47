// SPDX-License-Identifier: Apache-2.0
import {Desk} from '../../bindings/js/desk_motion.js';
import {FakeClock, settle} from './fake_clock.js';
import {FakeDesk} from './fake_desk.js';
import {assert, run, test} from './harness.js';

function setup({heightMm = 800, driver = {}, ...options} = {}) {
  const clock = new FakeClock();
  const hardware = Object.assign(new FakeDesk(clock, heightMm), driver);
  const desk = new Desk(hardware, {minMm: 650, maxMm: 1250, clock, ...options});
  hardware.connect();
  const moves = [];
  desk.on('move', (result) => moves.push(result));
  return {clock, hardware, desk, moves};
}

// Starts a move and gives what became of it, after at most `milliseconds`.
async function outcome(clock, move, milliseconds = 60000) {
  let result = null;
  let error = null;
  move.then((value) => { result = value; }, (reason) => { error = reason; });
  await clock.advanceUntil(() => result !== null || error !== null, milliseconds);
  if (error) throw error;
  return result;
}

test('goes to a height with the controller\'s own command', async () => {
  const {clock, hardware, desk} = setup();
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal(result, {reached: true, heightMm: 1000, targetMm: 1000, reason: 'target'});
  assert.equal(hardware.commands, ['goto 1000']);
  assert.equal(desk.moving, false);
  assert.equal(desk.direction, null);
});

test('is moving from the moment of the command', async () => {
  const {clock, desk} = setup();
  let changes = 0;
  desk.on('change', () => { changes++; });
  const move = desk.moveTo(1000);
  assert.equal([desk.moving, desk.direction, desk.targetMm, changes], [true, 'up', 1000, 1]);
  await outcome(clock, move);
  assert.equal([desk.moving, desk.targetMm], [false, null]);
});

test('leaves no timer behind when it rests', async () => {
  const {clock, desk} = setup();
  await outcome(clock, desk.moveTo(1000));
  await clock.advance(2000);
  assert.equal(clock.pending, 0);
});

test('refuses a height outside its limits, naming them', async () => {
  const {hardware, desk} = setup();
  await assert.rejects(
    desk.moveTo(649), {name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: /650 to 1250 mm, found 649/});
  await assert.rejects(desk.moveTo(1251), {code: 'ERR_OUT_OF_RANGE'});
  await assert.rejects(desk.moveTo(Number.NaN), {name: 'TypeError'});
  await assert.rejects(desk.moveTo('900'), {name: 'TypeError'});
  assert.equal(hardware.commands, []);
});

test('refuses less than the least travel and does nothing within its tolerance', async () => {
  const {hardware, desk} = setup();
  await assert.rejects(
    desk.moveTo(809), {code: 'ERR_TOO_SHORT', message: /at least 10 mm to move, found 9 mm/});
  assert.equal((await desk.moveTo(802)).reached, true);
  assert.equal(hardware.commands, []);
});

test('refuses an absolute move while the height is unknown, but not up', async () => {
  const {clock, hardware, desk} = setup({driver: {silent: true}});
  await assert.rejects(desk.moveTo(1000), {code: 'ERR_HEIGHT_UNKNOWN'});
  const result = await outcome(clock, desk.up());
  assert.equal(result.reason, 'stall');
  assert.equal(hardware.commands[0], 'raise');
  assert.ok(hardware.commands.includes('stop'));
});

test('refuses while disconnected', async () => {
  const {hardware, desk} = setup();
  hardware.sink.connected(false);
  await assert.rejects(desk.moveTo(1000), {code: 'ERR_DISCONNECTED'});
});

test('needs two readings that agree before it knows its height', () => {
  const clock = new FakeClock();
  const hardware = new FakeDesk(clock);
  const desk = new Desk(hardware, {clock});
  hardware.sink.connected(true);
  hardware.sink.height(800);
  assert.equal(desk.heightMm, null);
  hardware.sink.height(1100);
  assert.equal(desk.heightMm, null);
  hardware.sink.height(1101);
  assert.equal(desk.heightMm, 1101);
});

test('does not believe an implausible jump that happens once', () => {
  const {hardware, desk} = setup();
  hardware.sink.height(1200);
  assert.equal(desk.heightMm, 800);
  hardware.sink.height(801);
  assert.equal(desk.heightMm, 801);
  hardware.sink.height(Number.NaN);
  assert.equal(desk.heightMm, 801);
  hardware.sink.height(1200);
  hardware.sink.height(1200);
  assert.equal(desk.heightMm, 1200);
});

test('stops at once, and the move resolves where the desk came to rest', async () => {
  const {clock, hardware, desk} = setup();
  const move = desk.moveTo(1200);
  await clock.advance(3000);
  const before = hardware.commands.length;
  desk.stop();
  assert.equal(hardware.commands.slice(before), ['stop']);
  const result = await outcome(clock, move);
  assert.equal(result.reason, 'stopped');
  assert.equal(result.reached, false);
  assert.near(result.heightMm, hardware.heightMm, 1);
  assert.equal(hardware.moving, 0);
});

test('accepts stop in every state and sends it', async () => {
  const {clock, hardware, desk} = setup();
  desk.stop();
  desk.setLocked(true);
  desk.stop();
  hardware.sink.fault({code: 'E07', text: 'x'});
  desk.stop();
  hardware.sink.connected(false);
  desk.stop();
  assert.equal(hardware.commands, ['stop', 'stop', 'stop', 'stop']);
  await clock.advance(5000);
  assert.equal(clock.pending, 0);
});

test('stop resolves at rest', async () => {
  const {clock, hardware, desk} = setup();
  desk.moveTo(1200);
  await clock.advance(3000);
  let rested = false;
  desk.stop().then(() => { rested = true; });
  await settle();
  assert.equal(rested, false);
  await clock.advanceUntil(() => rested, 5000);
  assert.ok(rested);
  assert.equal(hardware.moving, 0);
  assert.equal(desk.moving, false);
});

test('repeats a stop that shows no effect', async () => {
  const {clock, hardware, desk} = setup({driver: {ignoresStop: true}});
  desk.moveTo(1200);
  await clock.advance(2000);
  desk.stop();
  await clock.advance(1500);
  assert.ok(hardware.commands.filter((command) => command === 'stop').length >= 3);
});

test('stops and waits for rest before it reverses', async () => {
  const {clock, hardware, desk, moves} = setup();
  desk.moveTo(1200);
  await clock.advance(3000);
  const second = desk.moveTo(700);
  assert.equal(hardware.commands, ['goto 1200', 'stop']);
  const result = await outcome(clock, second);
  assert.equal(result.reached, true);
  assert.equal(hardware.commands, ['goto 1200', 'stop', 'goto 700']);
  assert.equal(hardware.reversals, 0);
  assert.equal(moves.map(({reason}) => reason), ['stopped', 'target']);
});

test('sends a stop before it reverses even from rest', async () => {
  const {clock, hardware, desk} = setup();
  await outcome(clock, desk.moveTo(1000));
  await clock.advance(10000);
  await outcome(clock, desk.moveTo(800));
  assert.equal(hardware.commands, ['goto 1000', 'stop', 'goto 800']);
});

test('goes on without a stop when the new target lies ahead', async () => {
  const {clock, hardware, desk} = setup();
  desk.moveTo(1000);
  await clock.advance(2000);
  const result = await outcome(clock, desk.moveTo(1200));
  assert.equal(result.heightMm, 1200);
  assert.equal(hardware.commands, ['goto 1000', 'goto 1200']);
});

test('brakes first when the new target is too near ahead', async () => {
  const {clock, hardware, desk} = setup();
  desk.moveTo(1200);
  await clock.advance(3000);
  const target = Math.round(hardware.heightMm) + 25;
  const result = await outcome(clock, desk.moveTo(target));
  assert.equal(hardware.commands, ['goto 1200', 'stop', `goto ${target}`]);
  assert.equal(result.reached, true);
});

test('the last of many moves wins', async () => {
  const {clock, hardware, desk, moves} = setup();
  desk.moveTo(1200);
  desk.moveTo(700);
  desk.moveTo(1100);
  const result = await outcome(clock, desk.moveTo(900));
  assert.equal(result, {reached: true, heightMm: 900, targetMm: 900, reason: 'target'});
  assert.equal(moves.length, 4);
  assert.equal(hardware.reversals, 0);
  assert.near(hardware.heightMm, 900, 1);
});

test('a move that is replaced never looks like rest', async () => {
  const {clock, desk} = setup();
  desk.moveTo(1200);
  await clock.advance(1000);
  const seen = [];
  desk.on('change', () => seen.push(desk.moving));
  desk.on('move', () => seen.push(desk.moving));
  desk.moveTo(700);
  assert.ok(seen.length >= 2 && seen.every(Boolean));
});

test('raises and lowers the desk itself when goto is echoed but nothing moves', async () => {
  const {clock, hardware, desk} = setup({driver: {gotoWorks: false}});
  const notices = [];
  desk.on('notice', (text) => notices.push(text));
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal(result.reason, 'target');
  assert.near(result.heightMm, 1000, 8);
  assert.equal(hardware.commands.slice(0, 3), ['goto 1000', 'stop', 'raise']);
  assert.equal(desk.goto, 'step');
  assert.equal(notices.length, 1);
  hardware.commands.length = 0;
  await outcome(clock, desk.moveTo(700));
  assert.ok(
    !hardware.commands.some((command) => command.startsWith('goto')), 'remembers that goto does not work');
});

test('a desk that begins and is stopped by hand at once is not stepped on', async () => {
  const {clock, hardware, desk} = setup();
  const move = desk.moveTo(1200);
  await clock.advanceUntil(() => hardware.heightMm > 802, 2000);
  hardware.handMove(-1);
  await clock.advance(60);
  hardware.handStop();
  hardware.report();
  const result = await outcome(clock, move);
  assert.equal(result.reason, 'stall');
  assert.equal(hardware.commands, ['goto 1200', 'stop']);
  assert.equal(desk.goto, 'native');
});

test('does not step a desk that does not answer', async () => {
  const {clock, hardware, desk} = setup({driver: {gotoWorks: false, answers: false}});
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal(result.reason, 'stall');
  assert.equal(hardware.commands, ['goto 1000', 'stop']);
});

test('stepping learns the coast and lands nearer each time', async () => {
  const {clock, hardware, desk} = setup({driver: {goto: undefined, coastMm: 12}});
  const errors = [];
  for (const target of [1000, 800, 1000, 800, 1000, 800]) {
    const {heightMm, reason} = await outcome(clock, desk.moveTo(target));
    assert.equal(reason, 'target');
    errors.push(Math.abs(heightMm - target));
    await clock.advance(3000);
  }
  assert.ok(errors[4] <= 4 && errors[5] <= 4, `errors ${errors}`);
  assert.ok(hardware.commands.every((command) => !command.startsWith('goto')));
});

test('corrects a stepped move once at most', async () => {
  const {clock, hardware, desk} = setup({driver: {goto: undefined, coastMm: 45}});
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal(result.reason, 'target');
  const drives = hardware.commands.filter((command) => command !== 'stop');
  assert.equal(drives, ['raise', 'lower']);
});

// A driver that can tap, or has to wake its controller first.
function setupWith(extra, options) {
  const parts = setup(options);
  for (const [name, value] of Object.entries(extra(parts.hardware)))
    Object.defineProperty(parts.hardware, name, value);
  return parts;
}

const taps = (mm) => (hardware) => (
  {tap: {value: (direction) => hardware.shortPress(direction, mm)}});

test('taps a stepped move to its height where the driver can', async () => {
  const driver = {goto: undefined, coastMm: 12};
  const {clock, hardware, desk} = setupWith(taps(1), {driver, stepToleranceMm: 2});
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal([result.reason, result.reached], ['target', true]);
  assert.near(hardware.heightMm, 1000, 2.1);
  const tapped = hardware.commands.filter((command) => command.startsWith('tap'));
  assert.ok(tapped.length >= 1 && tapped.length <= 5, tapped.join());
  assert.ok(tapped.every((command) => command === tapped[0]));
});

test('taps five times at most, and never to and fro', async () => {
  const short = setupWith(taps(0.1), {driver: {goto: undefined, coastMm: 1}, stepToleranceMm: 2});
  await outcome(short.clock, short.desk.moveTo(1000));
  assert.equal(short.hardware.commands.filter((command) => command === 'tap up').length, 5);
  const far = setupWith(taps(9), {driver: {goto: undefined, coastMm: 3}, stepToleranceMm: 2});
  await outcome(far.clock, far.desk.moveTo(1000));
  assert.equal(far.hardware.commands.filter((command) => command.startsWith('tap')), ['tap up']);
});

test('a stop while a stepped move comes to rest keeps it from being corrected', async () => {
  for (const coastMm of [1, 45]) {
    const {clock, hardware, desk} =
      setupWith(taps(1), {driver: {goto: undefined, coastMm}, stepToleranceMm: 2});
    const move = desk.moveTo(1000);
    assert.ok(await clock.advanceUntil(() => hardware.commands.includes('stop'), 20000));
    desk.stop();
    const result = await outcome(clock, move);
    assert.equal(result.reason, 'stopped');
    await clock.advance(5000);
    assert.equal(hardware.commands.filter((command) => command !== 'stop'), ['raise']);
  }
});

test('a fault while a stepped move comes to rest keeps it from being corrected', async () => {
  const {clock, hardware, desk} = setup({driver: {goto: undefined, coastMm: 45}});
  const move = desk.moveTo(1000);
  assert.ok(await clock.advanceUntil(() => hardware.commands.includes('stop'), 20000));
  hardware.sink.fault({code: 'E01', text: 'motor'});
  assert.equal((await outcome(clock, move)).reason, 'fault');
  await clock.advance(5000);
  assert.equal(hardware.commands.filter((command) => command !== 'stop'), ['raise']);
});

// Raises and lowers only once it is awake; the desk has been moved meanwhile.
function sleeping(actualMm) {
  const parts = setup({driver: {goto: undefined}});
  const {clock, hardware} = parts;
  let pending = null;
  for (const name of ['raise', 'lower']) {
    const drive = hardware[name].bind(hardware);
    hardware[name] = () => { pending = drive; };
  }
  const stop = hardware.stop.bind(hardware);
  hardware.stop = () => {
    pending = null;
    stop();
  };
  Object.defineProperty(hardware, 'waking', {get: () => pending !== null});
  hardware.wake = async () => {
    await clock.advance(500);
    hardware.heightMm = actualMm;
    hardware.report();
    hardware.report();
    const drive = pending;
    pending = null;
    if (drive) drive();
  };
  return parts;
}

test('a height that is new when the controller wakes may turn the way to go', async () => {
  for (const [actualMm, way] of [[1100, 'lower'], [700, 'raise']]) {
    const {clock, hardware, desk} = sleeping(actualMm);
    const move = desk.moveTo(1000);
    await hardware.wake();
    const result = await outcome(clock, move);
    assert.equal(result.reason, 'target', `from ${actualMm}`);
    assert.near(hardware.heightMm, 1000, 8);
    assert.equal(hardware.commands.find((command) => command !== 'stop'), way);
    assert.equal(hardware.reversals, 0);
  }
});

test('a desk that is there already when its controller wakes does not move', async () => {
  const {clock, hardware, desk} = sleeping(1000);
  const move = desk.moveTo(1000);
  await hardware.wake();
  assert.equal((await outcome(clock, move)).reason, 'target');
  assert.equal(hardware.commands.filter((command) => command !== 'stop'), []);
});

test('a controller that does not wake in time ends the move', async () => {
  const {clock, hardware, desk} = sleeping(1000);
  const result = await outcome(clock, desk.moveTo(1000));
  assert.equal(result.reason, 'stall');
  await hardware.wake();
  await clock.advance(3000);
  assert.equal(hardware.commands.filter((command) => command !== 'stop'), []);
});

test('gives up after three seconds without progress, and stops', async () => {
  const {clock, hardware, desk} = setup({driver: {blockedAtMm: 950}});
  const result = await outcome(clock, desk.moveTo(1200));
  assert.equal(result, {reached: false, heightMm: 950, targetMm: 1200, reason: 'stall'});
  assert.equal(hardware.commands, ['goto 1200', 'stop']);
  assert.equal(hardware.commands.length, 2, 'no retry');
});

test('gives up when heights stop coming, and stops', async () => {
  const {clock, hardware, desk} = setup();
  const move = desk.moveTo(1200);
  await clock.advance(3000);
  hardware.silent = true;
  const at = clock.now();
  const result = await outcome(clock, move);
  assert.equal(result.reason, 'stall');
  assert.ok(clock.now() - at < 5000, 'within the stall time and rest');
  assert.ok(hardware.commands.includes('stop'));
  assert.equal(hardware.moving, 0);
});

test('gives up a move that takes too long', async () => {
  const {clock, hardware, desk} = setup({driver: {speedMmPerS: 5}, marginMs: 1000, speedMmPerS: 40});
  const result = await outcome(clock, desk.moveTo(1200), 120000);
  assert.equal(result.reason, 'timeout');
  assert.equal(hardware.moving, 0);
});

test('no move outlasts the hard maximum', async () => {
  const {clock, desk} = setup({driver: {speedMmPerS: 5}, maxMoveMs: 10000, speedMmPerS: 1});
  const begun = clock.now();
  const result = await outcome(clock, desk.moveTo(1200), 120000);
  assert.equal(result.reason, 'timeout');
  assert.ok(clock.now() - begun < 13000);
});

test('a lasting offset of the controller is learned as tolerance', async () => {
  const {clock, desk} = setup({driver: {gotoOffsetMm: -6}});
  const first = await outcome(clock, desk.moveTo(1000));
  assert.equal([first.reason, first.heightMm], ['target', 994]);
  await clock.advance(3000);
  const begun = clock.now();
  const second = await outcome(clock, desk.moveTo(1100));
  assert.equal([second.reached, second.reason], [true, 'target']);
  assert.ok(clock.now() - begun < 5500, 'without waiting for the stall time');
});

test('a nudge from constant-touch mode is not resumed; after two it steps', async () => {
  const {clock, hardware, desk} = setup({driver: {gotoNudgeMm: 14}});
  const first = await outcome(clock, desk.moveTo(1000));
  assert.equal(first.reason, 'stall');
  assert.equal(hardware.commands, ['goto 1000', 'stop']);
  await outcome(clock, desk.moveTo(1000));
  assert.equal(desk.goto, 'step');
  const third = await outcome(clock, desk.moveTo(1000));
  assert.equal(third.reason, 'target');
});

test('a key of the hand controller ends the move at once and blocks the next for two seconds', async () => {
  const {clock, hardware, desk} = setup();
  const keys = [];
  desk.on('keypad', (key) => keys.push(key));
  const move = desk.moveTo(1200);
  await clock.advance(2000);
  hardware.sink.keypad('up');
  assert.equal(hardware.commands, ['goto 1200', 'stop']);
  assert.equal((await outcome(clock, move)).reason, 'override');
  await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_OVERRIDE'});
  await clock.advance(2500);
  assert.equal((await outcome(clock, desk.moveTo(1100))).reached, true);
  assert.equal(keys, ['up']);
});

test('a desk that somebody has stopped for the script has not arrived, and learns nothing of it', async () => {
  const {clock, hardware, desk} = setup();
  const move = desk.recall(2);
  await clock.advance(2000);
  hardware.stop();
  hardware.commands.length = 0;
  hardware.sink.stopped();
  assert.equal((await outcome(clock, move)).reason, 'stopped');
  assert.equal([hardware.commands, [...desk.presetHeights]], [[], []]);
  hardware.sink.stopped();
  assert.equal((await outcome(clock, desk.recall(2))).reason, 'target');
});

test('motion against the move is somebody else\'s', async () => {
  const {clock, hardware, desk} = setup();
  const move = desk.moveTo(1200);
  await clock.advance(2000);
  hardware.handMove(-1);
  const result = await outcome(clock, move);
  assert.equal(result.reason, 'override');
  await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_OVERRIDE'});
});

test('motion that nobody asked for is shown, and blocks moves while it lasts and two seconds longer',
  async () => {
    const {clock, hardware, desk} = setup();
    const keys = [];
    desk.on('keypad', (key) => keys.push(key));
    hardware.handMove(1);
    await clock.advance(1500);
    assert.equal([desk.moving, desk.direction, desk.commanded], [true, 'up', false]);
    await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_OVERRIDE'});
    hardware.handStop();
    await clock.advance(1500);
    assert.equal([desk.moving, desk.direction], [false, null]);
    await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_OVERRIDE'});
    await clock.advance(2000);
    assert.equal((await outcome(clock, desk.moveTo(1000))).reached, true);
    assert.equal(keys, ['up']);
  });

test('jitter of a millimetre or two at rest is no motion', async () => {
  const {clock, hardware, desk} = setup();
  for (let i = 0; i < 50; i++) {
    hardware.sink.height(800 + i % 3);
    await clock.advance(200);
    assert.equal(desk.moving, false);
  }
  assert.equal(hardware.commands, []);
});

test('a fault stops the desk and refuses moves with its text until it is over', async () => {
  const {clock, hardware, desk} = setup();
  const move = desk.moveTo(1200);
  await clock.advance(2000);
  hardware.sink.fault({code: 'E07', text: 'motor 1 position sensor'});
  assert.equal(hardware.commands, ['goto 1200', 'stop']);
  assert.equal((await outcome(clock, move)).reason, 'fault');
  await assert.rejects(desk.moveTo(900), {code: 'ERR_DESK_FAULT', message: /E07: motor 1 position sensor/});
  await assert.rejects(desk.up(), {code: 'ERR_DESK_FAULT'});
  hardware.sink.fault(null);
  await clock.advance(3000);
  assert.equal((await outcome(clock, desk.moveTo(1100))).reached, true);
});

test('a cool-down says how long it lasts', async () => {
  const {clock, hardware, desk} = setup();
  hardware.sink.fault({code: 'H01', text: 'overheated', until: clock.now() + 16 * 60000});
  await assert.rejects(desk.moveTo(900), {message: /H01: overheated, 16 min left/});
});

test('a lock stops the desk and refuses moves, not stop', async () => {
  const {clock, hardware, desk} = setup();
  const move = desk.moveTo(1200);
  await clock.advance(2000);
  desk.setLocked(true);
  assert.equal((await outcome(clock, move)).reason, 'stopped');
  for (const refused of [desk.moveTo(900), desk.up(), desk.down(), desk.recall(1)]) {
    await assert.rejects(refused, {code: 'ERR_DESK_LOCKED'});
  }
  hardware.commands.length = 0;
  desk.stop();
  assert.equal(hardware.commands, ['stop']);
});

test('a lost connection ends the move and forgets the height', async () => {
  const {clock, hardware, desk} = setup();
  const move = desk.moveTo(1200);
  await clock.advance(2000);
  hardware.sink.connected(false);
  assert.equal((await outcome(clock, move)).reason, 'disconnect');
  assert.equal([desk.connected, desk.heightMm, desk.moving, desk.position], [false, null, false, null]);
});

test('after a reconnect nothing moves by itself', async () => {
  const {clock, hardware, desk} = setup();
  desk.moveTo(1200);
  await clock.advance(2000);
  hardware.handStop();
  hardware.sink.connected(false);
  hardware.commands.length = 0;
  hardware.connect();
  await clock.advance(10000);
  assert.equal(hardware.commands, []);
});

test('up runs to the limit and down back', async () => {
  const {clock, hardware, desk} = setup({heightMm: 1100});
  const up = await outcome(clock, desk.up());
  assert.equal(up.reason, 'limit');
  assert.near(up.heightMm, 1250, 8);
  assert.equal(up.reached, true);
  await clock.advance(3000);
  const down = await outcome(clock, desk.down({timeoutMs: 3000}));
  assert.equal(down.reason, 'timeout');
  assert.equal(hardware.moving, 0);
});

test('up at the top is done at once', async () => {
  const {hardware, desk} = setup({heightMm: 1249});
  assert.equal(await desk.up(), {reached: true, heightMm: 1249, targetMm: 1250, reason: 'limit'});
  assert.equal(hardware.commands, []);
});

test('a recalled preset is learned on arrival', async () => {
  const {clock, desk} = setup();
  const learned = [];
  desk.on('preset', (preset) => learned.push(preset));
  const result = await outcome(clock, desk.recall(2));
  assert.equal([result.reason, result.heightMm], ['target', 1100]);
  assert.equal(learned, [{slot: 2, heightMm: 1100}]);
  assert.equal(desk.presetHeights.get(2), 1100);
  await clock.advance(3000);
  const again = await outcome(clock, desk.recall(2));
  assert.equal([again.reached, again.reason], [true, 'target']);
});

test('what the driver does by itself is nobody\'s hand, and is not stopped again and again', async () => {
  const {clock, hardware, desk, moves} = setup({driver: {goto: undefined}});
  const keys = [];
  desk.on('keypad', (key) => keys.push(key));
  const move = desk.moveTo(1000);
  await clock.advance(3000);
  hardware.handStop();
  hardware.sink.fault({code: 'OBSTACLE', text: 'something is in the way'});
  hardware.commands.length = 0;
  hardware.sink.moves('down');
  assert.equal([desk.moving, desk.direction], [true, 'down']);
  hardware.handMove(-1);
  await clock.advance(3000);
  assert.equal([hardware.commands, desk.direction, moves.length], [[], 'down', 1]);
  hardware.handStop();
  hardware.sink.moves(null);
  await clock.advance(5000);
  assert.equal([keys, desk.moving, hardware.commands], [[], false, []]);
  assert.equal((await move).reason, 'fault');
  hardware.handMove(-1);
  await clock.advance(2000);
  assert.equal(keys, ['down'], 'a hand is one again');
});

test('a preset that a hand stops on its way is not unlearned', async () => {
  const {clock, hardware, desk} = setup();
  await outcome(clock, desk.recall(2));
  await clock.advance(3000);
  await outcome(clock, desk.moveTo(800));
  await clock.advance(3000);
  const move = desk.recall(2);
  await clock.advance(3000);
  hardware.handStop();
  await outcome(clock, move);
  assert.ok(hardware.heightMm < 1000);
  assert.equal(desk.presetHeights.get(2), 1100);
});

test('a preset outside the limits is stopped there, and refused once its height is known', async () => {
  const {clock, hardware, desk} = setup({maxMm: 1000});
  const result = await outcome(clock, desk.recall(2));
  assert.equal(result.reason, 'limit');
  assert.ok(hardware.heightMm < 1030, `at ${hardware.heightMm}`);
  hardware.sink.limits({minMm: 650, maxMm: 1250});
  await outcome(clock, desk.recall(2));
  hardware.sink.limits({minMm: 650, maxMm: 1000});
  await assert.rejects(desk.recall(2), {code: 'ERR_OUT_OF_RANGE', message: /650 to 1000 mm, found 1100/});
});

test('an empty preset slot is a stall', async () => {
  const {clock, desk} = setup();
  assert.equal((await outcome(clock, desk.recall(4))).reason, 'stall');
});

test('aborting the signal stops the move that it belongs to, and no other', async () => {
  const {clock, hardware, desk} = setup();
  const first = new AbortController();
  const move = desk.moveTo(1200, {signal: first.signal});
  await clock.advance(2000);
  const second = desk.moveTo(1230);
  first.abort();
  assert.equal((await outcome(clock, move)).reason, 'stopped');
  assert.equal(hardware.commands, ['goto 1200', 'goto 1230']);
  assert.equal((await outcome(clock, second)).reached, true);
  await clock.advance(3000);
  const third = new AbortController();
  const moving = desk.moveTo(900, {signal: third.signal});
  await clock.advance(2000);
  third.abort();
  assert.equal(hardware.commands[hardware.commands.length - 1], 'stop');
  assert.equal((await outcome(clock, moving)).reason, 'stopped');
  await assert.rejects(desk.moveTo(1000, {signal: AbortSignal.abort(new Error('no'))}), {message: 'no'});
});

test('a guard refuses with its words', async () => {
  let away = true;
  const {clock, desk} = setup({guard: () => (away ? 'nobody is there' : undefined)});
  await assert.rejects(desk.moveTo(1000), {code: 'ERR_DESK_GUARD', message: 'nobody is there'});
  away = false;
  assert.equal((await outcome(clock, desk.moveTo(1000))).reached, true);
});

test('moves in an hour can be limited', async () => {
  const {clock, desk} = setup({maxMovesPerHour: 2});
  await outcome(clock, desk.moveTo(1000));
  await outcome(clock, desk.moveTo(800));
  await assert.rejects(desk.moveTo(1000), {code: 'ERR_DESK_HOURLY'});
  await clock.advance(3600000);
  assert.equal((await outcome(clock, desk.moveTo(1000))).reached, true);
});

test('position is 0 only at the bottom and 100 only at the top', () => {
  for (const [heightMm, position] of [
         [650, 0], [653, 0], [654, 1], [950, 50], [1246, 99], [1248, 100], [1250, 100]]) {
    assert.equal(setup({heightMm}).desk.position, position, `at ${heightMm}`);
  }
});

test('limits that the controller reports take effect', async () => {
  const {hardware, desk} = setup();
  hardware.sink.limits({minMm: 700, maxMm: 1000});
  await assert.rejects(desk.moveTo(1100), {code: 'ERR_OUT_OF_RANGE', message: /700 to 1000/});
  assert.equal([desk.minMm, desk.maxMm], [700, 1000]);
});

test('close stops the desk and calls nobody afterwards', async () => {
  const {clock, hardware, desk} = setup();
  const move = desk.moveTo(1200);
  await clock.advance(2000);
  let calls = 0;
  desk.close();
  desk.on('change', () => { calls++; });
  hardware.sink.height(900);
  hardware.sink.fault({code: 'x', text: 'y'});
  hardware.sink.connected(false);
  assert.equal((await outcome(clock, move)).reason, 'stopped');
  assert.equal(hardware.commands, ['goto 1200', 'stop']);
  assert.equal(calls, 0);
  await assert.rejects(desk.moveTo(900), {code: 'ERR_CLOSED'});
});

test('options are checked by name', () => {
  const hardware = new FakeDesk(new FakeClock());
  assert.throws(() => new Desk(hardware, {stalMs: 1}), {name: 'TypeError', message: /found "stalMs"/});
  assert.throws(() => new Desk(hardware, {stallMs: 1}),
    {name: 'RangeError', message: /stallMs: .*200 to 20000, found 1/});
  assert.throws(
    () => new Desk(hardware, {minMm: 800, maxMm: 700}), {name: 'RangeError', message: /above minMm/});
  assert.throws(() => new Desk({}), {name: 'TypeError', message: /driver.raise/});
});

await run();
