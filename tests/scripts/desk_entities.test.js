// SPDX-License-Identifier: Apache-2.0
import {exposeDesk} from '../../bindings/js/desk_entities.js';
import {Desk} from '../../bindings/js/desk_motion.js';
import {Device} from '../../bindings/js/hub_device.js';
import {Emitter} from '../../bindings/js/emitter.js';
import {FakeClock, settle} from './fake_clock.js';
import {FakeDesk} from './fake_desk.js';
import {FakeHub} from './fake_hub.js';
import {assert, run, test} from './harness.js';

function setup({heightMm = 800, connect = true, driver = {}, options = {}} = {}) {
  const clock = new FakeClock();
  const hardware = Object.assign(new FakeDesk(clock, heightMm), driver);
  const desk = new Desk(hardware, {minMm: 650, maxMm: 1250, clock});
  const hub = new FakeHub();
  if (connect) hardware.connect();
  const presets = [{name: 'sit', heightMm: 720}, {name: 'stand', slot: 2}];
  exposeDesk(desk, {device: new Device(hub, {}), presets, clock, ...options});
  return {clock, hardware, desk, hub};
}

async function command(parts, property, payload, milliseconds = 40000) {
  parts.hub.command(property, payload);
  await settle();
  await parts.clock.advanceUntil(() => !parts.desk.moving, milliseconds);
  await parts.clock.advance(1000);
}

const shown = (hub, ...properties) => properties.map((property) => hub.shown(property));

test('declares the properties that a desk has', () => {
  const {hub} = setup();
  assert.equal(Object.keys(hub.declared),
    ['cover', 'height', 'target', 'preset', 'stop', 'moving', 'fault', 'lock', 'keypad']);
  assert.equal(hub.declared.target[1].min, 65);
  assert.equal(hub.declared.target[1].max, 125);
  assert.equal(hub.declared.preset[1].options, ['manual', 'sit', 'stand']);
});

test('the cover may be left out', () => {
  const {hub} = setup({options: {cover: false}});
  assert.ok(!('cover' in hub.declared));
  assert.ok('target' in hub.declared && 'stop' in hub.declared);
});

test('at rest it shows where it is, and the target is there', () => {
  const {hub} = setup({heightMm: 864});
  assert.equal(shown(hub, 'height', 'target', 'position', 'cover', 'moving', 'fault', 'lock', 'preset'),
    ['86.4', '86.4', '36', 'open', 'OFF', 'OFF', 'OFF', 'manual']);
  assert.equal(hub.availability, [true]);
});

test('position goes out before the state', () => {
  const {hub} = setup({heightMm: 650});
  const order = hub.states.map(([property]) => property);
  assert.ok(order.indexOf('position') < order.indexOf('cover'));
  assert.equal(shown(hub, 'position', 'cover'), ['0', 'closed']);
});

test('while nothing is known it says so, and is unavailable', () => {
  const {hub} = setup({connect: false});
  assert.equal(shown(hub, 'height', 'target', 'cover', 'position'), ['None', 'None', 'None', undefined]);
  assert.equal(hub.availability, [false]);
});

test(
  'a target moves the desk; while it moves the target is the wish, afterwards what was reached', async () => {
    const parts = setup({driver: {gotoOffsetMm: 2}});
    parts.hub.command('target', '100.04');
    await settle();
    assert.equal(shown(parts.hub, 'moving', 'cover', 'target'), ['ON', 'opening', '100']);
    await parts.clock.advanceUntil(() => !parts.desk.moving, 40000);
    assert.equal(parts.hardware.commands, ['goto 1000.4']);
    assert.equal(shown(parts.hub, 'moving', 'cover', 'target', 'height', 'position'),
      ['OFF', 'open', '100.2', '100.2', '59']);
    assert.equal(parts.hub.errors, []);
  });

test('heights are published at most five times a second while it moves, and exactly at rest', async () => {
  const parts = setup({driver: {speedMmPerS: 40}});
  const begun = parts.clock.now();
  await command(parts, 'target', '120');
  const seconds = (parts.clock.now() - begun) / 1000;
  const heights = parts.hub.states.filter(([property]) => property === 'height');
  assert.ok(heights.length > 10 && heights.length <= seconds * 5 + 2, `${heights.length} in ${seconds} s`);
  assert.equal(parts.hub.shown('height'), '120');
});

test('the cover opens to the top, closes to the bottom, and says so', async () => {
  const parts = setup();
  await command(parts, 'cover', 'OPEN');
  assert.equal(shown(parts.hub, 'cover', 'position', 'height'), ['open', '100', '125']);
  await command(parts, 'cover', 'CLOSE');
  assert.equal(shown(parts.hub, 'cover', 'position', 'height'), ['closed', '0', '65']);
  assert.equal(parts.hub.errors, []);
  const sent = parts.hardware.commands.length;
  await command(parts, 'cover', 'CLOSE');
  assert.equal([parts.hardware.commands.length, parts.hub.errors], [sent, []]);
});

test('the cover opens without a known height too', async () => {
  const parts = setup({driver: {silent: true}});
  parts.hub.command('cover', 'OPEN');
  await settle();
  assert.equal(parts.hardware.commands, ['raise']);
});

test('position is a share of the range', async () => {
  const parts = setup();
  await command(parts, 'position', '50');
  assert.equal(shown(parts.hub, 'position', 'height'), ['50', '95']);
  const sent = parts.hardware.commands.length;
  await command(parts, 'position', '50');
  assert.equal(parts.hardware.commands.length, sent);
});

test('moving comes before everything else when it begins, and after it when it rests', async () => {
  const parts = setup();
  const start = parts.hub.states.length;
  parts.hub.command('target', '100');
  await settle();
  assert.equal(parts.hub.states[start], ['moving', 'ON']);
  await parts.clock.advanceUntil(() => !parts.desk.moving, 40000);
  assert.equal(parts.hub.states[parts.hub.states.length - 1], ['moving', 'OFF']);
});

test('presets move the desk, and show where it is', async () => {
  const parts = setup();
  await command(parts, 'preset', 'sit');
  assert.equal(shown(parts.hub, 'preset', 'height'), ['sit', '72']);
  await command(parts, 'preset', 'stand');
  assert.equal(shown(parts.hub, 'preset', 'height'), ['stand', '110']);
  assert.ok(parts.hardware.commands.includes('recall 2'));
  await command(parts, 'target', '90');
  assert.equal(parts.hub.shown('preset'), 'manual');
  await command(parts, 'preset', 'manual');
  assert.equal(parts.hub.errors, []);
});

test('stop works from the button and the cover, in motion, locked and in fault', async () => {
  const parts = setup();
  for (const [property, payload] of [['stop', 'PRESS'], ['cover', 'STOP']]) {
    parts.hub.command('target', property === 'stop' ? '120' : '70');
    await parts.clock.advance(3000);
    assert.equal(parts.desk.moving, true);
    const before = parts.hardware.commands.length;
    parts.hub.command(property, payload);
    assert.equal(parts.hardware.commands.slice(before), ['stop']);
    await parts.clock.advance(3000);
    assert.equal([parts.desk.moving, parts.hub.shown('moving')], [false, 'OFF']);
  }
  parts.hub.command('lock', 'ON');
  parts.hardware.sink.fault({code: 'E01', text: 'x'});
  parts.hardware.commands.length = 0;
  parts.hub.command('stop', 'PRESS');
  parts.hub.command('cover', 'STOP');
  assert.equal(parts.hardware.commands, ['stop', 'stop']);
  assert.equal(parts.hub.errors, []);
});

test('a locked desk says why it does not move', async () => {
  const parts = setup();
  parts.hub.command('lock', 'ON');
  assert.equal(parts.hub.shown('lock'), 'ON');
  await command(parts, 'target', '100');
  await command(parts, 'cover', 'OPEN');
  assert.equal(parts.hub.errors.map(([property, {code}]) => [property, code]),
    [['target', 'ERR_DESK_LOCKED'], ['cover', 'ERR_DESK_LOCKED']]);
  assert.equal(parts.hardware.commands, []);
  parts.hub.command('lock', 'OFF');
  await command(parts, 'target', '100');
  assert.equal(parts.hub.shown('height'), '100');
});

test('a command out of range or below the least travel is refused with its reason', async () => {
  const parts = setup();
  await command(parts, 'target', '126');
  await command(parts, 'target', '80.5');
  assert.equal(parts.hub.errors.map(([, {code}]) => code), ['ERR_BAD_COMMAND', 'ERR_TOO_SHORT']);
});

test('a fault is shown with its code and text, and is over when it is over', async () => {
  const parts = setup();
  parts.hardware.sink.fault({code: 'E07', text: 'motor 1 position sensor'});
  assert.equal(parts.hub.shown('fault'), 'ON');
  const last = () => parts.hub.attributeLog[parts.hub.attributeLog.length - 1];
  assert.equal([last().fault_code, last().fault_text], ['E07', 'motor 1 position sensor']);
  await command(parts, 'target', '100');
  assert.match(parts.hub.errors[0][1].message, /E07: motor 1/);
  parts.hardware.sink.fault(null);
  assert.equal([parts.hub.shown('fault'), last().fault_code], ['OFF', null]);
});

test('a move that ends badly is an error of the command that began it', async () => {
  const parts = setup({driver: {blockedAtMm: 950}});
  await command(parts, 'target', '120');
  assert.equal(
    parts.hub.errors.map(([property, {code}]) => [property, code]), [['target', 'ERR_MOVE_STALL']]);
  assert.match(parts.hub.errors[0][1].message, /at 95 cm/);
  assert.equal(parts.hub.attributeLog[parts.hub.attributeLog.length - 1].last_move, 'stall');
});

test('a disconnected desk is unavailable, and available again without moving', async () => {
  const parts = setup();
  parts.hub.command('target', '120');
  await parts.clock.advance(2000);
  parts.hardware.sink.connected(false);
  await settle();
  assert.equal(parts.hub.availability, [true, false]);
  assert.equal(shown(parts.hub, 'height', 'moving', 'cover'), ['None', 'OFF', 'None']);
  parts.hardware.handStop();
  parts.hardware.commands.length = 0;
  parts.hardware.connect();
  await parts.clock.advance(10000);
  assert.equal([parts.hub.availability, parts.hardware.commands], [[true, false, true], []]);
});

test('keys and motion by hand are events and states', async () => {
  const parts = setup();
  parts.hardware.handMove(-1);
  await parts.clock.advance(2000);
  assert.equal(shown(parts.hub, 'moving', 'cover'), ['ON', 'closing']);
  assert.equal(parts.hub.events, [['keypad', {event_type: 'down'}]]);
  parts.hardware.handStop();
  await parts.clock.advance(2000);
  assert.equal(shown(parts.hub, 'moving', 'cover', 'target'),
    ['OFF', 'open', parts.hub.shown('height')]);
  parts.hardware.sink.keypad('other');
  assert.equal(parts.hub.events.length, 1);
});

test('limits that become known change the target\'s range', () => {
  const {hub, hardware} = setup();
  hardware.sink.limits({minMm: 700, maxMm: 1180});
  assert.equal([hub.declared.target[1].min, hub.declared.target[1].max], [70, 118]);
});

test('a replaced move is no error, and the desk never looks at rest in between', async () => {
  const parts = setup();
  parts.hub.command('target', '120');
  await parts.clock.advance(2000);
  const before = parts.hub.states.length;
  parts.hub.command('target', '70');
  await settle();
  assert.ok(
    !parts.hub.states.slice(before).some(([property, value]) => property === 'moving' && value === 'OFF'));
  await parts.clock.advanceUntil(() => !parts.desk.moving, 40000);
  await settle();
  assert.equal([parts.hub.shown('height'), parts.hub.errors], ['70', []]);
});

test('a desk under way stops when the broker stays away, and only then', async () => {
  const connection = new Emitter('mqtt', ['online', 'offline']);
  const parts = setup({options: {connection, offlineStopMs: 5000}});
  parts.hub.command('target', '125');
  await parts.clock.advance(2000);
  connection.emit('offline');
  await parts.clock.advance(3000);
  connection.emit('online');
  await parts.clock.advance(4000);
  assert.equal(parts.desk.commanded, true);
  connection.emit('offline');
  await parts.clock.advance(7000);
  assert.equal(parts.desk.commanded, false);
  assert.ok(parts.hardware.commands.includes('stop'));
  const patient =
    setup({options: {connection: new Emitter('mqtt', ['online', 'offline']), offlineStopMs: 0}});
  patient.hub.command('target', '100');
  await patient.clock.advanceUntil(() => !patient.desk.moving, 40000);
  assert.equal(patient.hub.shown('height'), '100');
});

test('presets are checked', () => {
  const presets = (...list) => ({options: {presets: list}});
  assert.throws(
    () => setup(presets({name: 'manual', slot: 1})), {name: 'TypeError', message: /other than manual/});
  assert.throws(() => setup(presets({name: 'sit'})), {name: 'TypeError', message: /either heightMm or slot/});
  assert.throws(() => setup(presets({name: 'None', slot: 1})), {name: 'RangeError'});
});

await run();
