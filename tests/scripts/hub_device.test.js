// SPDX-License-Identifier: Apache-2.0
import {Device} from '../../bindings/js/hub_device.js';
import {toNumber} from '../../bindings/js/hub_values.js';
import {FakeHub} from './fake_hub.js';
import {settle} from './fake_clock.js';
import {assert, run, test} from './harness.js';

function setup() {
  const hub = new FakeHub();
  return {hub, device: new Device(hub, {name: 'Desk'})};
}

test('the device is declared with what it says about itself', () => {
  assert.equal(setup().hub.info, {name: 'Desk'});
});

test('declares entities with discovery\'s own names', () => {
  const {hub, device} = setup();
  device.sensor(
    'height', {name: 'Height', deviceClass: 'distance', unit: 'cm', stateClass: 'measurement', precision: 1});
  device.number('target', {min: 62, max: 127.5, step: 0.5, mode: 'slider', unit: 'cm', onCommand: () => {}});
  device.binarySensor('moving', {deviceClass: 'moving', category: 'diagnostic'});
  device.select('preset', {options: ['manual', 'sit'], onCommand: () => {}});
  device.switch('lock', {icon: 'mdi:lock', onCommand: () => {}});
  device.button('stop', {onPress: () => {}});
  device.event('keypad', {eventTypes: ['up', 'down']});
  device.cover('cover', {onCommand: () => {}, onPosition: () => {}});
  assert.equal(hub.declared, {
    height: [
      'sensor', {
        name: 'Height',
        device_class: 'distance',
        unit_of_measurement: 'cm',
        state_class: 'measurement',
        suggested_display_precision: 1
      },
      true, false
    ],
    target:
      ['number', {min: 62, max: 127.5, step: 0.5, mode: 'slider', unit_of_measurement: 'cm'}, true, true],
    moving: ['binary_sensor', {device_class: 'moving', entity_category: 'diagnostic'}, true, false],
    preset: ['select', {options: ['manual', 'sit']}, true, true],
    lock: ['switch', {icon: 'mdi:lock'}, true, true],
    stop: ['button', {}, false, true],
    keypad: ['event', {event_types: ['up', 'down']}, false, false],
    cover: ['cover', {}, true, true],
  });
});

test('an option that hubs would drop without a word is refused', () => {
  const {device} = setup();
  assert.throws(
    () => device.sensor('height', {units: 'cm'}), {name: 'TypeError', message: /height: .*found "units"/});
  assert.throws(() => device.button('stop', {onPress: () => {}, unit: 'cm'}), {message: /found "unit"/});
});

test('names are those of topics, and used once', () => {
  const {device} = setup();
  for (const name of ['Height', 'a/b', 'a_b', '-a', '', 5, undefined, 'x'.repeat(65)]) {
    assert.throws(() => device.sensor(name), {name: 'TypeError', message: /lower-case/});
  }
  assert.throws(() => device.sensor('attributes'), {name: 'RangeError'});
  device.sensor('height');
  assert.throws(() => device.sensor('height'), {code: 'ERR_IN_USE'});
  device.cover('cover');
  assert.throws(() => device.number('position'), {code: 'ERR_IN_USE'});
});

test('a value is published when it changes', () => {
  const {hub, device} = setup();
  const height = device.sensor('height', {precision: 1});
  for (const value of [86.4, 86.4, 86.44, 86.5, null, undefined, Number.NaN]) height.set(value);
  assert.equal(hub.states, [['height', '86.4'], ['height', '86.5'], ['height', 'None']]);
});

test('numbers are rounded, and unknown when they are none', () => {
  assert.equal([86.4, 100, 0, -0, 1e-9, 0.1 + 0.2, -1.5, 1e7, Infinity, null].map((value) => toNumber(value)),
    [86.4, 100, 0, 0, 0, 0.3, -1.5, 10000000, null, null]);
  assert.equal(
    [86, 86.44, -0.04, Number.NaN, '5'].map((value) => toNumber(value, 1)), [86, 86.4, 0, null, null]);
});

test('a number is published inside its range', () => {
  const {hub, device} = setup();
  const target = device.number('target', {min: 62, max: 127.5, precision: 1});
  for (const value of [127.6, 61, 86.25, Number.NaN]) target.set(value);
  assert.equal(hub.states.map(([, value]) => value), ['127.5', '62', '86.3', 'None']);
});

test('a new range is announced once', () => {
  const {hub, device} = setup();
  const seen = [];
  const target = device.number('target', {min: 62, max: 127.5, onCommand: (value) => seen.push(value)});
  target.setRange({min: 62, max: 127.5});
  assert.equal(hub.declarations, 1);
  target.setRange({min: 70, max: 100});
  assert.equal(hub.declared.target[1], {min: 70, max: 100});
  assert.equal(hub.declarations, 2);
  hub.command('target', '65');
  hub.command('target', '75');
  assert.equal(seen, [75]);
  assert.throws(() => target.setRange({min: 70, max: 70}), {name: 'RangeError'});
});

test('flags are ON and OFF, and nothing but flags', () => {
  const {hub, device} = setup();
  const moving = device.binarySensor('moving');
  for (const value of [true, false, null]) moving.set(value);
  assert.equal(hub.states.map(([, value]) => value), ['ON', 'OFF', 'None']);
  assert.throws(() => moving.set('ON'), {name: 'TypeError'});
});

test('a select publishes its options only, and none may mean unknown', () => {
  const {hub, device} = setup();
  const preset = device.select('preset', {options: ['manual', 'sit']});
  preset.set('sit');
  preset.set(null);
  assert.equal(hub.states.map(([, value]) => value), ['sit', 'None']);
  assert.throws(
    () => preset.set('stand'), {name: 'RangeError', message: /manual, sit or null, found "stand"/});
  assert.throws(() => device.select('other'), {message: 'other: expected an object with options, found undefined'});
  assert.throws(() => device.select('other', {options: ['None']}), {name: 'RangeError'});
  assert.throws(() => device.select('other', {options: []}), {name: 'TypeError'});
  assert.throws(() => device.select('other', {options: ['a', 'a']}), {message: /"a" twice/});
});

test('a cover publishes its position before its state', () => {
  const {hub, device} = setup();
  const cover = device.cover('cover');
  cover.set({state: 'closed', position: 0});
  cover.set({state: 'opening', position: 0});
  cover.set({state: 'opening', position: 12.4});
  cover.set({state: null, position: null});
  assert.equal(hub.states,
    [['position', '0'], ['cover', 'closed'], ['cover', 'opening'], ['position', '12'], ['cover', 'None']]);
  assert.throws(() => cover.set({state: 'moving'}), {name: 'RangeError'});
  assert.throws(() => cover.set({position: 101}), {name: 'RangeError'});
});

test('commands arrive as what they mean', () => {
  const {hub, device} = setup();
  const seen = [];
  const take = (name) => (value) => { seen.push([name, value]); };
  device.cover('cover', {onCommand: take('cover'), onPosition: take('position')});
  device.number('target', {min: 62, max: 127.5, onCommand: take('target')});
  device.select('preset', {options: ['manual', 'sit'], onCommand: take('preset')});
  device.switch('lock', {onCommand: take('lock')});
  device.button('stop', {onPress: () => seen.push(['stop'])});
  for (const [property, payload] of [['cover', 'OPEN'], ['cover', 'CLOSE'], ['cover', 'STOP'],
         ['position', '50'], ['target', '94.80000000000001'], ['target', ' 86.3 '], ['target', '127.5000001'],
         ['preset', 'sit'], ['lock', 'ON'], ['lock', 'OFF'], ['stop', 'PRESS']])
    hub.command(property, payload);
  assert.equal(seen, [['cover', 'open'], ['cover', 'close'], ['cover', 'stop'], ['position', 50],
    ['target', 94.80000000000001], ['target', 86.3], ['target', 127.5], ['preset', 'sit'], ['lock', true],
    ['lock', false], ['stop']]);
  assert.equal(hub.errors, []);
});

test('a bad command is reported with what was expected and found, and not passed on', () => {
  const {hub, device} = setup();
  const refuse = () => { throw new Error('must not be called'); };
  device.cover('cover', {onCommand: refuse, onPosition: refuse});
  device.number('target', {min: 62, max: 127.5, onCommand: refuse});
  device.select('preset', {options: ['manual', 'sit'], onCommand: refuse});
  device.switch('lock', {onCommand: refuse});
  device.sensor('height');
  const bad = [
    ['cover', 'open'], ['cover', ''], ['position', '101'], ['position', '-1'], ['position', 'nan'],
    ['target', '61.9'], ['target', '128'], ['target', 'NaN'], ['target', 'Infinity'], ['target', ''],
    ['target', '0x50'], ['target', '86,4'], ['target', '86.4 cm'], ['preset', 'Sit'], ['lock', 'on'],
    ['height', '5'], ['nothing', 'x']
  ];
  for (const [property, payload] of bad) hub.command(property, payload);
  assert.equal(hub.errors.map(([property, {command, code}]) => [property, command, code]),
    bad.map(([property, payload]) => [property, payload, 'ERR_BAD_COMMAND']));
  assert.match(hub.errors[5][1].message, /a number from 62 to 127.5, found "61.9"/);
  assert.match(hub.errors[13][1].message, /one of manual, sit, found "Sit"/);
});

test('a button is pressed whatever the payload says', () => {
  const {hub, device} = setup();
  let presses = 0;
  device.button('stop', {onPress: () => { presses++; }});
  for (const payload of ['PRESS', 'press', '', '1']) hub.command('stop', payload);
  assert.equal([presses, hub.errors], [4, []]);
});

test('what a handler throws or rejects with is published, and later commands are handled', async () => {
  const {hub, device} = setup();
  const answers = [
    () => { throw Object.assign(new Error('locked'), {code: 'ERR_DESK_LOCKED'}); },
    async () => { throw new Error('later'); },
    () => Promise.reject('text'),
    () => 'fine',
  ];
  device.number('target', {onCommand: () => answers.shift()()});
  for (const payload of ['1', '2', '3', '4']) hub.command('target', payload);
  await settle();
  assert.equal(hub.errors, [
    ['target', {command: '1', message: 'locked', code: 'ERR_DESK_LOCKED'}],
    ['target', {command: '2', message: 'later', code: 'ERR_COMMAND'}],
    ['target', {command: '3', message: 'text', code: 'ERR_COMMAND'}],
  ]);
  assert.equal(answers.length, 0);
});

test('a long command is cut in its report', () => {
  const {hub, device} = setup();
  device.number('target', {onCommand: () => {}});
  hub.command('target', 'x'.repeat(5000));
  assert.equal(hub.errors[0][1].command.length, 200);
  assert.ok(hub.errors[0][1].message.length < 200);
});

test('events carry their type and are not states', () => {
  const {hub, device} = setup();
  const keypad = device.event('keypad', {eventTypes: ['up', 'down']});
  keypad.fire('up', {held: 2});
  keypad.fire('up');
  assert.equal(hub.events, [['keypad', {held: 2, event_type: 'up'}], ['keypad', {event_type: 'up'}]]);
  assert.throws(() => keypad.fire('left'), {name: 'RangeError', message: /up, down, found "left"/});
});

test('attributes and availability are published when they change', () => {
  const {hub, device} = setup();
  device.attributes({a: 1});
  device.attributes({a: 1});
  device.attributes({a: 2});
  device.available(true);
  device.available(true);
  device.available(false);
  assert.equal([hub.attributeLog, hub.availability], [[{a: 1}, {a: 2}], [true, false]]);
  assert.throws(() => device.available(1), {name: 'TypeError'});
});

test('a removed entity is gone, and its name free again', () => {
  const {hub, device} = setup();
  const height = device.sensor('height');
  height.remove();
  height.remove();
  height.set(5);
  assert.equal([hub.removed, hub.states], [['height'], []]);
  device.sensor('height').set(6);
  assert.equal(hub.states, [['height', '6']]);
  const cover = device.cover('cover', {onPosition: () => {}});
  cover.remove();
  cover.set({state: 'open', position: 3});
  assert.equal(hub.states.length, 1);
  device.cover('cover');
});

test('a declaration that the other side refuses leaves the name free', () => {
  const {hub, device} = setup();
  hub.refuse = new TypeError('no');
  assert.throws(() => device.sensor('height'), {message: 'no'});
  hub.refuse = null;
  device.sensor('height');
});

await run();
