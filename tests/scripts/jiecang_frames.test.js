// SPDX-License-Identifier: Apache-2.0
import {commands, decodeFrame, faultOf, framing, heightToMm, mayBeSent}
  from '../../scripts/lib/jiecang_frames.js';

import {assert, run, test} from './harness.js';
import vectors from '../vectors/jiecang.json' with {type : 'json'};

const toBytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => Number.parseInt(pair, 16));
const toHex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase();
const frames = vectors.filter(({valid, direction}) => valid && direction !== 'stream');

test('there are vectors of every sort', () => {
  assert.ok(frames.length > 50);
  assert.ok(vectors.some(({valid}) => !valid));
  assert.ok(vectors.some(({direction}) => direction === 'stream'));
});

test('every valid vector decodes to its command and parameters', () => {
  for (const {hex, direction, meaning, label} of frames) {
    const frame = decodeFrame(toBytes(hex));
    assert.ok(frame, label);
    assert.equal(frame.command, meaning.cmd, label);
    assert.equal(toHex(frame.params), meaning.params, label);
    assert.equal(frame.fromDesk, direction === 'controller->handset', label);
  }
});

test('every invalid vector is rejected', () => {
  for (const {hex, why} of vectors.filter(({valid}) => !valid))
    assert.equal(decodeFrame(toBytes(hex)), null, why);
});

test('heights come out in millimetres, from millimetres and from tenths of inches', () => {
  for (const {hex, meaning, label} of frames.filter(({meaning: {kind}}) => kind === 'height')) {
    const frame = decodeFrame(toBytes(hex));
    assert.equal(frame.kind, 'height', label);
    assert.equal(frame.raw, meaning.raw, label);
    assert.equal(frame.inches, meaning.inch !== undefined, label);
    assert.equal(frame.heightMm, meaning.mm === undefined ? meaning.mm_from_inch : meaning.mm, label);
  }
});

test('limits, presets, echoes, units and lock decode as labelled', () => {
  const expected = {
    limits: ({max_mm: maxMm, min_mm: minMm}) => ({kind: 'limits', maxMm, minMm}),
    preset: ({slot, raw}) => ({kind: 'preset', slot, raw}),
    goto_echo: ({mm}) => ({kind: 'goToEcho', heightMm: mm}),
    goto_mm: ({mm}) => ({kind: 'goTo', heightMm: mm}),
    limit_flags: ({max_set: maxSet, min_set: minSet}) => ({kind: 'limitFlags', maxSet, minSet}),
  };
  let checked = 0;
  for (const {hex, meaning, label} of frames) {
    if (!Object.hasOwn(expected, meaning.kind)) continue;
    const {kind, ...frame} = decodeFrame(toBytes(hex));
    for (const [key, value] of Object.entries(expected[meaning.kind](meaning))) {
      assert.equal(key === 'kind' ? kind : frame[key], value, `${label}: ${key}`);
      checked++;
    }
  }
  assert.ok(checked > 40);
  assert.equal(decodeFrame(toBytes('F2F21F0101217E')).locked, true);
  assert.equal(decodeFrame(toBytes('F2F20E0101107E')).inches, true);
  assert.equal(decodeFrame(toBytes('F2F20E01000F7E')).inches, false);
});

test('a frame of the stream vector is found by its length, not by 7E', () => {
  const {hex, meaning} = vectors.find(({direction}) => direction === 'stream');
  const bytes = toBytes(hex);
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at + framing.lengthAt] + framing.extra;
    found.push(bytes.subarray(at, at + length));
    at += length;
  }
  assert.equal(found.map(toHex), meaning.frames);
  assert.equal(found.map((frame) => decodeFrame(frame).kind), ['height', 'height']);
});

test('what deskd sends equals what was captured', () => {
  const sent = {
    'F1F10000007E': commands.wake(),
    'F1F10700077E': commands.settings(),
    'F1F12B002B7E': commands.stop(),
    'F1F10C000C7E': commands.physicalLimits(),
    'F1F12700277E': commands.recall(3),
    'F1F12800287E': commands.recall(4),
    'F1F11F0100207E': commands.lockState(),
    'F1F11B0202ABCA7E': commands.goTo(683),
    'F1F11B0202B8D77E': commands.goTo(696),
    'F1F11B020352727E': commands.goTo(850.2),
  };
  for (const [hex, bytes] of Object.entries(sent)) assert.equal(toHex(bytes), hex);
  assert.equal(toHex(commands.goTo(1372)), 'F1F11B02055C7E7E');  // the sum is 7E
});

test('everything that deskd sends passes the guard', () => {
  for (const make of [commands.wake, commands.up, commands.down, commands.stop, commands.settings,
    commands.physicalLimits, commands.userLimits, commands.lockState]) assert.ok(mayBeSent(make()));
  for (const slot of [1, 2, 3, 4]) {
    assert.ok(mayBeSent(commands.recall(slot)));
    assert.ok(mayBeSent(commands.save(slot)));
  }
  assert.ok(mayBeSent(commands.goTo(900)));
});

test('the guard refuses calibration, limits, lock toggle, touch mode, reset and malformed frames', () => {
  const frame = (command, ...params) => {
    const body = [command, params.length, ...params];
    return Uint8Array.of(0xf1, 0xf1, ...body, body.reduce((total, byte) => (total + byte) & 0xff, 0), 0x7e);
  };
  assert.ok(mayBeSent(frame(0x2b)), 'the frame maker works');
  for (const command
         of [0x10, 0x11, 0x12, 0x91, 0x21, 0x22, 0x23, 0xfe, 0x1d, 0x19, 0xa2, 0x08, 0x09, 0x1c]) {
    assert.equal(mayBeSent(frame(command)), false, command.toString(16));
  }
  assert.equal(mayBeSent(frame(0x1f, 0x01)), false);
  assert.equal(mayBeSent(frame(0x1f)), false);
  assert.equal(mayBeSent(frame(0x1d, 0x01)), false);
  assert.equal(mayBeSent(frame(0x20, 0x01)), false);
  assert.equal(mayBeSent(frame(0x1b, 0x03)), false);
  assert.equal(mayBeSent(frame(0x2b).fill(0, 4, 5)), false);
  assert.equal(mayBeSent(toBytes('F2F22B002B7E')), false);
  assert.equal(mayBeSent(new Uint8Array(0)), false);
});

test('impossible heights and slots are refused when the frame is made', () => {
  assert.throws(() => commands.goTo(0), {name: 'RangeError', message: /200 to 2500 mm, found 0/});
  assert.throws(() => commands.goTo(Number.NaN), {name: 'RangeError', message: /found NaN/});
  assert.throws(() => commands.recall(0), {name: 'RangeError', message: /1 to 4, found 0/});
  assert.throws(() => commands.save(5), {name: 'RangeError'});
});

test('error bytes become codes', () => {
  assert.equal([1, 7, 13, 14, 15, 16, 99].map((byte) => faultOf(byte).code),
    ['E01', 'E07', 'E13', 'H01', 'H02', 'LOCK', '0x63']);
  assert.match(faultOf(1).text, /motor 1 overcurrent/);
  assert.equal(decodeFrame(toBytes('F2F2020107' + '0A7E')).code, 'E07');
});

test('the border between inches and millimetres is 550', () => {
  assert.equal([240, 530, 549, 550, 650, 1290].map(heightToMm), [610, 1346, 1394, 550, 650, 1290]);
});

await run();
