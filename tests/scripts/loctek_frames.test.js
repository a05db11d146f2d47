// SPDX-License-Identifier: Apache-2.0
import {decodeDisplay, decodeFrame, framing, keyFrame, mayBeSent, noKeys}
  from '../../scripts/lib/loctek_frames.js';

import {assert, run, test} from './harness.js';
import vectors from '../vectors/loctek.json' with {type : 'json'};

const toBytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => Number.parseInt(pair, 16));
const toHex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase();
const valid = vectors.filter((vector) => vector.valid);
const display = (...segments) => decodeDisplay(Uint8Array.from(segments));

test('there are vectors of every sort', () => {
  assert.equal([valid.length, vectors.length], [197, 202]);
  for (const kind of ['poll', 'display', 'keys', 'beep_on', 'beep_off', 'alarm_note'])
    assert.ok(valid.some(({meaning}) => meaning.kind === kind), kind);
});

test('every valid vector decodes to its type and meaning', () => {
  const named = {poll: 'poll', display: 'display', keys: 'keys', beep_on: 'beepOn', beep_off: 'beepOff',
    alarm_note: 'alarmNote'};
  for (const {hex, meaning} of valid) {
    const frame = decodeFrame(toBytes(hex));
    assert.ok(frame, hex);
    assert.equal([frame.type, frame.kind], [meaning.type, named[meaning.kind]], hex);
    if (meaning.kind === 'keys')
      assert.equal(frame.keys, meaning.keys.map((key) => key.replace('preset', 'preset-')), hex);
  }
});

test('every invalid vector is rejected', () => {
  for (const {hex, why} of vectors.filter((vector) => !vector.valid))
    assert.equal(decodeFrame(toBytes(hex)), null, why);
  assert.equal(decodeFrame(new Uint8Array(0)), null);
});

test('every height is in millimetres, and nothing else is a height', () => {
  let heights = 0;
  for (const {hex, meaning} of valid.filter(({meaning: {kind}}) => kind === 'display')) {
    const shown = decodeDisplay(decodeFrame(toBytes(hex)).payload);
    if (meaning.height === undefined) {
      assert.ok(shown.kind !== 'height', `${meaning.text} is no height`);
      continue;
    }
    heights++;
    assert.equal(shown.kind, 'height', hex);
    assert.equal(shown.heightMm, Math.round(meaning.height * 10), hex);
    assert.equal(shown.resolutionMm, meaning.height < 100 ? 1 : 10, hex);
  }
  assert.equal(heights, 180);
});

test('labels that were read off a display agree', () => {
  let checked = 0;
  for (const {hex, expect_height: height} of valid) {
    if (height === undefined) continue;
    assert.equal(decodeDisplay(decodeFrame(toBytes(hex)).payload).heightMm, Math.round(height * 10), hex);
    checked++;
  }
  assert.ok(checked > 15, `found ${checked}`);
});

test('messages are told by their segments', () => {
  const code = (...segments) => {
    const {kind, fault} = display(...segments);
    return kind === 'fault' ? fault.code : kind;
  };
  assert.equal(code(0x38, 0x5c, 0x39), 'LOC');
  assert.equal(code(0x38, 0x3f, 0x39), 'LOC');
  assert.equal(code(0x79, 0x3f, 0x06), 'E01');
  assert.equal(code(0x79, 0x5b, 0x4f), 'E23');
  assert.equal(code(0x77, 0x40, 0x5b), 'A-2');
  assert.equal(code(0x50, 0x6d, 0x78), 'RST');
  assert.equal(code(0x77, 0x6d, 0x50), 'RST');
  assert.equal(code(0x76, 0x5c, 0x78), 'HOT');
  assert.equal(code(0x6d, 0x40, 0x00), 'memory');
  assert.equal(code(0x6d, 0x40, 0x06), 'memory');
  assert.equal(code(0x00, 0x00, 0x00), 'blank');
  assert.equal(code(0x00, 0x5c, 0x54), 'ALARM');
  assert.equal(code(0x09, 0x66, 0x6d), 'ALARM', 'time left');
  assert.equal(code(0x09, 0x00, 0x00), 'ALARM');
  assert.equal(code(0x00, 0x66, 0x6d), 'ALARM', 'time left, without the colon');
  assert.equal(code(0x5c, 0x71, 0x71), 'text', 'reminder off');
  assert.match(display(0x79, 0x3f, 0x06).fault.text, /motor 1/);
  assert.match(display(0x38, 0x5c, 0x39).fault.text, /hold M/);
});

test('digits that no desk can show as its height are text', () => {
  assert.equal(display(0x3f, 0x66, 0x6d).kind, 'text', '045, a time');
  assert.equal(display(0x3f | 0x80, 0x66, 0x6d).kind, 'text', '0.45');
  assert.equal(display(0x07, 0x6f, 0x6d | 0x80).kind, 'text', '795.');
  assert.equal(display(0x7f, 0x7f, 0x7f).kind, 'text', '888, all lit');
  assert.equal(display(0x3f, 0x3f | 0x80, 0x3f).kind, 'text', '00.0');
  assert.equal(display(0x06, 0x6d, 0x3f).heightMm, 1500);
  assert.equal(display(0x06, 0x6d, 0x06).kind, 'text', '151');
});

test('a display in inches is told by its number, or by the setting', () => {
  const shown = display(0x5b, 0x7f | 0x80, 0x66);  // 28.4
  assert.equal([shown.heightMm, shown.inches], [721.4, true]);
  assert.near(shown.resolutionMm, 2.54, 0.001);
  assert.equal(display(0x07, 0x6f | 0x80, 0x6d).inches, false);
  assert.equal(decodeDisplay(Uint8Array.of(0x5b, 0x7f | 0x80, 0x66), 'cm').kind, 'text');
});

test('key frames are those that were captured', () => {
  const sent = {
    '9B060201 00FCA09D': keyFrame('up'),
    '9B060202 000CA09D': keyFrame('down'),
    '9B060204 00ACA39D': keyFrame('preset-1'),
    '9B060208 00ACA69D': keyFrame('preset-2'),
    '9B060210 00ACAC9D': keyFrame('preset-3'),
    '9B060200 01AC609D': keyFrame('preset-4'),
    '9B060200 006CA19D': noKeys,
  };
  for (const [hex, bytes] of Object.entries(sent)) assert.equal(toHex(bytes), hex.replace(' ', ''));
});

test('only one key at a time may be sent, and none that programs', () => {
  for (const key of ['up', 'down', 'preset-1', 'preset-4']) assert.ok(mayBeSent(keyFrame(key)));
  assert.ok(mayBeSent(noKeys));
  for (const hex of ['9B060203009CA19D', '9B06022000ACB89D', '9B06024000AC909D', '9B04117CC39D',
    '9B06020100FCA09E', '']) assert.equal(mayBeSent(toBytes(hex)), false, hex);
  for (const key of ['m', 'alarm', 'up+down', undefined])
    assert.throws(() => keyFrame(key), {name: 'RangeError', message: /expected one of up, down/});
});

test('frames of unknown type or shape are told apart', () => {
  const {kind, payload} = decodeFrame(toBytes('9B0B12065B4F00000000F0C79D'));
  assert.equal([kind, payload.length, decodeDisplay(payload).heightMm], ['display', 7, 1230]);
  assert.equal(framing.lengthAt, 1);
  assert.equal(decodeFrame(toBytes('9B0413BD429D')).kind, 'shutdown');
});

await run();
