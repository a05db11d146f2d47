// SPDX-License-Identifier: Apache-2.0
// The frames of LoctekMotion desk controllers (Flexispot, Fellowes, ...), as bytes and as meaning.
//
//   9B, length, type, payload, CRC high, CRC low, 9D
//
// The length counts everything behind itself. The CRC is Modbus's over length..payload, high byte first. The
// controller asks for keys each 31 ms and shows three digits, as segments that light up; there is no other
// height. Sources: iMicknl/LoctekMotion_IoT, lapelotanodobla/FlexiSpot_MitM (captures),
// muxa/esphome-loctekmotion-desk (display), VinzSpring/LoctekReverseengineering.

export const framing = Object.freeze({
  type: 'length',
  start: [0x9b],
  lengthAt: 1,
  extra: 2,
  max: 64,
  checksum: 'crc16-modbus-be',
  end: [0x9d],
});

const start = 0x9b;
const end = 0x9d;
const inchMm = 25.4;
const lowestMm = 450;   // what is shown outside this is no desk's height
const highestMm = 1500;
const inchesBelow = 55; // no desk is 55 inches high, and none 55 cm low

function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

function encode(type, payload) {
  const body = [payload.length + 4, type, ...payload];
  const crc = crc16(body);
  return Uint8Array.of(start, ...body, crc >> 8, crc & 0xff, end);
}

// The two bytes of a key frame, one bit a key.
const keyBits = {
  'up': [0x01, 0x00],
  'down': [0x02, 0x00],
  'preset-1': [0x04, 0x00],
  'preset-2': [0x08, 0x00],
  'preset-3': [0x10, 0x00],
  'm': [0x20, 0x00],
  'alarm': [0x40, 0x00],
  'preset-4': [0x00, 0x01],
};

// What deskd presses: one key at a time, none that programs. Not here, and refused by mayBeSent: up and down
// together (opens the anti-collision menu), M (stores presets; held for four seconds and more it locks the
// desk), and the alarm.
const pressable = ['up', 'down', 'preset-1', 'preset-2', 'preset-3', 'preset-4'];

export const noKeys = encode(0x02, [0x00, 0x00]);

export function keyFrame(key) {
  if (!pressable.includes(key))
    throw new RangeError(`key: expected one of ${pressable.join(', ')}, found ${key}`);
  return encode(0x02, keyBits[key]);
}

const allowed = [noKeys, ...pressable.map(keyFrame)];

// Whether these are the bytes of one key, or of none. The last check before the wire.
export function mayBeSent(bytes) {
  const same = (frame) => frame.length === bytes.length && frame.every((byte, at) => byte === bytes[at]);
  return allowed.some(same);
}

function keysOf([first = 0, second = 0]) {
  return Object.keys(keyBits).filter((key) => {
    const [low, high] = keyBits[key];
    return (first & low) !== 0 || (second & high) !== 0;
  });
}

const digits = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];

// What the segments look like, for messages. S looks like 5 and O like 0: only whole displays tell.
const glyphs = {
  0x00: ' ', 0x40: '-', 0x09: ':', 0x79: 'E', 0x38: 'L', 0x5c: 'o', 0x39: 'C', 0x77: 'A', 0x71: 'F',
  0x54: 'n', 0x37: 'N', 0x50: 'r', 0x78: 't', 0x76: 'H', 0x74: 'h',
};

const point = 0x80;
const segmentsOf = (byte) => byte & 0x7f;
const digitOf = (byte) => digits.indexOf(segmentsOf(byte));

function glyph(byte) {
  const digit = digitOf(byte);
  const text = digit >= 0 ? String(digit) : glyphs[segmentsOf(byte)] || '?';
  return (byte & point) !== 0 ? `${text}.` : text;
}

// As far as known (iMicknl/LoctekMotion_IoT issues; HOT and its rest: label of a CB38M2H and manuals).
const errors = {
  E01: 'motor 1', E02: 'motor 2', E22: 'motor 1 is not connected', E23: 'motor 2 is not connected',
};
const unknown = 'the controller shows this code, its meaning is not known';
const collision = 'the desk met something, or the sensitivity for that is being set';
const reset = {
  code: 'RST',
  text: 'the controller lost its position: hold DOWN on the hand controller until the desk is at the ' +
    'bottom and about ten seconds longer, until it shows a height again',
};
const locked = {code: 'LOC', text: 'the controller is locked, unlock it with its hand controller (hold M)'};
const hot = {code: 'HOT', text: 'motors overheated, they rest for about 18 minutes'};
const alarm = {
  code: 'ALARM',
  text: 'the reminder is on and its time hides the height: switch it off on the hand controller',
};

const isO = (segments) => segments === 0x3f || segments === 0x5c;
const isDigit = (segments) => digits.includes(segments);
const isS = (segments) => segments === 0x6d;
const isT = (segments) => segments === 0x78 || segments === 0x31;
const is = (...wanted) => (segments) => wanted.includes(segments);
const dash = is(0x40);
const off = is(0x00);
const a = is(0x77);
const r = is(0x50);

/**
 * What the display says. 'fault' with code and text, 'memory': somebody has pressed M.
 * @typedef {{code: string, text: string}} Fault
 * @typedef {{kind: 'blank' | 'memory' | 'text'} | {kind: 'fault', fault: Fault}} Message
 * @typedef {{kind: 'height', text: string, heightMm: number, resolutionMm: number, inches: boolean}} Height
 */

/**
 * Messages by their three segment bytes, point removed: [what each must be, meaning of the text].
 * @type {[((segments: number) => boolean)[], (text: string) => Message][]}
 */
const messages = [
  [[off, off, off], () => ({kind: 'blank'})],
  [[is(0x79), isDigit, isDigit],
    (text) => ({kind: 'fault', fault: {code: text, text: errors[text] || unknown}})],
  [[is(0x38), isO, is(0x39)], () => ({kind: 'fault', fault: locked})],
  [[a, dash, isDigit], (text) => ({kind: 'fault', fault: {code: text, text: collision}})],
  [[r, isS, isT], () => ({kind: 'fault', fault: reset})],
  [[a, isS, r], () => ({kind: 'fault', fault: reset})],
  [[a, isS, isT], () => ({kind: 'fault', fault: reset})],
  [[is(0x74, 0x76), isO, isT], () => ({kind: 'fault', fault: hot})],
  [[isS, dash, () => true], () => ({kind: 'memory'})],
  [[off, isO, is(0x54, 0x37)], () => ({kind: 'fault', fault: alarm})],
  [[is(0x09), () => true, () => true], () => ({kind: 'fault', fault: alarm})],
  [[off, isDigit, isDigit], () => ({kind: 'fault', fault: alarm})],
  [[isO, is(0x71), is(0x71)], () => ({kind: 'text'})],  // the reminder goes off
];

/** @returns {{text: string} & Message} */
function messageOf(bytes) {
  const text = bytes.map(glyph).join('').replaceAll('.', '');
  const known = messages.find(([shape]) => shape.every((fits, at) => fits(segmentsOf(bytes[at]))));
  return known === undefined ? {kind: 'text', text} : {text, ...known[1](text)};
}

/**
 * 79.5 is shown with its tenths; from 100 on, rounded to whole centimetres. Inches have tenths too.
 * @returns {Height | null}
 */
function heightOf(bytes, units) {
  const values = bytes.map(digitOf);
  if (values.includes(-1)) return null;
  const points = bytes.map((byte) => (byte & point) !== 0);
  if (points[0] || points[2]) return null;
  const number = values[0] * 100 + values[1] * 10 + values[2];
  const shown = points[1] ? number / 10 : number;
  if (!points[1] && number < 100) return null;
  const inches = units === 'inch' || (units === 'auto' && shown < inchesBelow);
  const heightMm = inches ? shown * inchMm : shown * 10;
  if (heightMm < lowestMm || heightMm > highestMm) return null;
  const resolutionMm = (points[1] ? 0.1 : 1) * (inches ? inchMm : 10);
  const text = String(shown);
  return {kind: 'height', text, heightMm: Math.round(heightMm * 10) / 10, resolutionMm, inches};
}

// What the display says, a Height or a Message. units: 'cm', 'inch' or 'auto', which tells by the number.
export function decodeDisplay(payload, units = 'auto') {
  const bytes = [...payload.subarray(0, 3)];
  return heightOf(bytes, units) || messageOf(bytes);
}

const kinds = {0x11: 'poll', 0x13: 'shutdown', 0x14: 'beepOn', 0x15: 'beepOff', 0x81: 'alarmNote'};

// Returns null for what is not one whole, correct frame, else {type, payload, kind, ...}: kind 'keys' has the
// keys' names, 'display' what decodeDisplay takes, 'other' is a frame whose meaning is not known.
export function decodeFrame(bytes) {
  if (bytes.length < 6 || bytes[0] !== start || bytes[1] !== bytes.length - 2) return null;
  if (bytes[bytes.length - 1] !== end) return null;
  const crc = crc16(bytes.subarray(1, bytes.length - 3));
  if (bytes[bytes.length - 3] !== crc >> 8 || bytes[bytes.length - 2] !== (crc & 0xff)) return null;
  const type = bytes[2];
  const payload = bytes.subarray(3, bytes.length - 3);
  if (type === 0x02 && payload.length > 0) return {type, payload, kind: 'keys', keys: keysOf(payload)};
  if (type === 0x12 && payload.length >= 3) return {type, payload, kind: 'display'};
  return {type, payload, kind: payload.length === 0 && Object.hasOwn(kinds, type) ? kinds[type] : 'other'};
}
