// SPDX-License-Identifier: Apache-2.0
import {Device} from '../../bindings/js/hub_device.js';
import {Presence} from '../../scripts/lib/presence.js';
import {presenceSettings} from '../../scripts/lib/presence_settings.js';
import {FakeClock} from './fake_clock.js';
import {FakeHub} from './fake_hub.js';
import {assert, run, test} from './harness.js';

function setup(options = {}) {
  const clock = new FakeClock();
  const hub = new FakeHub();
  const presence =
    new Presence(new Device(hub, {}), {clock, ...presenceSettings({}).presence, holdMs: 3000, ...options});
  return {clock, hub, presence};
}

const report = (moving, still, movingCm = 0, stillCm = 0) => ({moving, still, movingCm, stillCm});
const nobody = report(false, false);

async function reports(parts, what, milliseconds) {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    parts.presence.report(what);
    await parts.clock.advance(100);
  }
}

test('is unavailable until the sensor reports', async () => {
  const parts = setup();
  assert.equal(parts.hub.availability.at(-1), false);
  assert.equal(Object.keys(parts.hub.declared),
    ['presence', 'motion', 'distance', 'moving-distance', 'still-distance']);
  await reports(parts, nobody, 200);
  assert.equal(parts.hub.availability.at(-1), true);
  assert.equal(parts.hub.shown('presence'), 'OFF');
});

test('somebody is there at once, and until nobody has been seen for a while', async () => {
  const parts = setup();
  await reports(parts, nobody, 500);
  parts.presence.report(report(false, true, 0, 80));
  assert.equal(parts.hub.shown('presence'), 'ON');
  await reports(parts, nobody, 2800);
  assert.equal(parts.hub.shown('presence'), 'ON');
  await reports(parts, nobody, 400);
  assert.equal(parts.hub.shown('presence'), 'OFF');
});

test('motion and distances are those of whom it sees', async () => {
  const parts = setup();
  await reports(parts, report(true, true, 120, 80), 300);
  assert.equal(
    ['motion', 'distance', 'moving-distance', 'still-distance'].map((name) => parts.hub.shown(name)),
    ['ON', '120', '120', '80']);
  await reports(parts, report(false, true, 0, 80), 1300);
  assert.equal(['motion', 'distance', 'moving-distance'].map((name) => parts.hub.shown(name)),
    ['OFF', '80', 'None']);
});

test('what is too far away is nobody', async () => {
  const parts = setup({farthestCm: 100});
  await reports(parts, report(true, true, 120, 140), 300);
  assert.equal([parts.hub.shown('presence'), parts.hub.shown('distance')], ['OFF', 'None']);
  await reports(parts, report(true, true, 120, 90), 300);
  assert.equal([parts.hub.shown('presence'), parts.hub.shown('distance')], ['ON', '90']);
});

test('ten reports a second are few messages', async () => {
  const parts = setup();
  for (let second = 0; second < 60; second++)
    for (let tenth = 0; tenth < 10; tenth++) await reports(parts, report(true, false, 100 + tenth), 100);
  const distances = parts.hub.states.filter(([name]) => name === 'distance');
  assert.equal(distances.length, 1, 'within the step');
  for (let cm = 100; cm < 300; cm += 1) await reports(parts, report(true, false, cm), 100);
  const more = parts.hub.states.filter(([name]) => name === 'distance').length;
  assert.ok(more > 10 && more <= 22, `${more} messages in twenty seconds`);
  assert.equal(parts.hub.states.filter(([name]) => name === 'presence').length, 1);
});

test('a sensor that falls silent or is unplugged is gone, and back with its next report', async () => {
  const parts = setup();
  await reports(parts, report(true, false, 100), 500);
  await parts.clock.advance(7000);
  assert.equal(parts.hub.availability.at(-1), false);
  assert.equal(parts.clock.pending, 0);
  await reports(parts, nobody, 200);
  assert.equal([parts.hub.availability.at(-1), parts.hub.shown('presence')], [true, 'OFF']);
  parts.presence.lost();
  assert.equal([parts.hub.availability.at(-1), parts.clock.pending], [false, 0]);
});

test('somebody who was there goes although the sensor reports ever less', async () => {
  const parts = setup({holdMs: 2000});
  parts.presence.report(report(true, false, 100));
  await parts.clock.advance(3500);
  assert.equal(parts.hub.shown('presence'), 'OFF');
  parts.presence.close();
  assert.equal(parts.clock.pending, 0);
});

test('settings have defaults and are checked', () => {
  const {port, baudRate, presence, device} = presenceSettings({title: 'Desk', area: 'Office'});
  assert.equal([port, baudRate, presence.holdMs, device.area], ['/dev/serial0', 256000, 30000, 'Office']);
  assert.throws(() => presenceSettings({hold: 1}), {message: /setting hold: expected one of port/});
  assert.throws(() => presenceSettings({hold_s: '1'}), {message: /hold_s: expected a number, found "1"/});
  assert.throws(() => presenceSettings({hold_s: -1}), {name: 'RangeError', message: /from 0 to 86400/});
});

await run();
