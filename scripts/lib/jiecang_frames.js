// SPDX-License-Identifier: Apache-2.0
// The frames of Jiecang desk controllers (F1/F2 protocol, RJ12 "F" port: Uplift, Fully Jarvis, Desky,
// Maidesite, Omnidesk, ...), as bytes and as meaning.
//
//   F1 F1 (to the desk) or F2 F2 (from it), command, length, parameters, sum of command..parameters mod 256,
//   7E
//
// Parameters and sum may be 7E themselves: the length decides where a frame ends. Sources: phord/Jarvis
// README and discussions, librick/uplift-ble, Rocka84/esphome_components issue 6,
// SmartHomeGuys/DeskUp-Pro-Controller.

export const framing = Object.freeze({
  type: 'length',
  start: [0xf2, 0xf2],
  lengthAt: 3,
  extra: 6,
  max: 64,
  checksum: 'sum8',
  checksumFrom: 2,
  end: [0x7e],
});

const toDesk = 0xf1;
const fromDesk = 0xf2;
const terminator = 0x7e;
const inchMm = 25.4;

const sum = (bytes) => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);

function encode(command, params = []) {
  const body = [command, params.length, ...params];
  return Uint8Array.of(toDesk, toDesk, ...body, sum(body), terminator);
}

const word = (value) => [(value >> 8) & 0xff, value & 0xff];

const slotCommands = [0x05, 0x06, 0x27, 0x28];
const saveCommands = [0x03, 0x04, 0x25, 0x26];

function slotCommand(commands, slot) {
  if (!Number.isInteger(slot) || slot < 1 || slot > 4) {
    throw new RangeError(`slot: expected an integer from 1 to 4, found ${slot}`);
  }
  return encode(commands[slot - 1]);
}

// Everything that is ever sent. Not here, and refused by mayBeSent: 10, 11, 12 and 91 (calibration), 1F 01
// (toggles the child lock; one desk stayed locked until its mains was cut), 21 to 23 (limits), FE (reset or
// handshake, sources disagree), 1D and 19 (collision and touch mode).
export const commands = Object.freeze({
  wake: () => encode(0x00),
  up: () => encode(0x01),      // one step of about 14 mm; repeated each 100 ms it is continuous
  down: () => encode(0x02),
  stop: () => encode(0x2b),    // at once; wakes a sleeping controller as well
  settings: () => encode(0x07),
  physicalLimits: () => encode(0x0c),
  userLimits: () => encode(0x20),
  lockState: () => encode(0x1f, [0x00]),
  // Always in millimetres, whatever the display shows (phord/Jarvis discussion 33).
  goTo: (mm) => encode(0x1b, word(checkedHeight(mm))),
  recall: (slot) => slotCommand(slotCommands, slot),
  save: (slot) => slotCommand(saveCommands, slot),
});

function checkedHeight(mm) {
  const whole = Math.round(mm);
  if (whole >= 200 && whole <= 2500) return whole;
  throw new RangeError(`height: expected 200 to 2500 mm, found ${mm}`);
}

const withoutParams = [0x00, 0x01, 0x02, 0x2b, 0x07, 0x0c, 0x20, ...slotCommands, ...saveCommands];

// Whether a frame is one of those above, well formed. The last check before the wire.
export function mayBeSent(bytes) {
  const frame = decodeFrame(bytes);
  if (frame === null || bytes[0] !== toDesk) return false;
  if (frame.command === 0x1b) return frame.params.length === 2;
  if (frame.command === 0x1f) return frame.params.length === 1 && frame.params[0] === 0x00;
  return frame.params.length === 0 && withoutParams.includes(frame.command);
}

// Heights are millimetres, or tenths of an inch on a controller set to inches. No desk is 55 inches low or
// 550 mm high at its lowest, so the number tells (phord/Jarvis README).
export function heightToMm(raw) {
  return raw < 550 ? Math.round(raw * inchMm / 10) : raw;
}

// E-codes and their meaning as far as known (librick/uplift-ble README and byte maps).
const faultTexts = {
  E01: 'motor 1 overcurrent',
  E02: 'motor 2 overcurrent',
  E03: 'motor 3 overcurrent',
  E04: 'motor 4 overcurrent',
  E07: 'motor 1 position sensor',
  E08: 'motor 2 position sensor',
  E09: 'motor 3 position sensor',
  E10: 'motor 4 position sensor',
  H01: 'motors overheated, they rest for about 16 minutes',
  LOCK: 'the controller is locked, hold M on the hand controller to unlock it',
};

function codeOf(byte) {
  if (byte >= 0x01 && byte <= 0x0d) return `E${String(byte).padStart(2, '0')}`;
  return {0x0e: 'H01', 0x0f: 'H02', 0x10: 'LOCK'}[byte] || `0x${byte.toString(16).padStart(2, '0')}`;
}

export function faultOf(byte) {
  const code = codeOf(byte);
  return {code, text: faultTexts[code] || 'the controller reports this code, its meaning is not known'};
}

const limitFlags = (byte) => ({maxSet: (byte & 0x01) !== 0, minSet: (byte & 0x10) !== 0});

const presetOfBit = {0x04: 1, 0x08: 2, 0x10: 3, 0x20: 4};

// What the desk says, by command: [length of the parameters or null for any, meaning].
const reports = {
  0x01: [3, (raw) => ({kind: 'height', raw, heightMm: heightToMm(raw), inches: raw < 550})],
  0x02: [1, (_, params) => ({kind: 'error', ...faultOf(params[0])})],
  0x04: [0, () => ({kind: 'reset'})],
  0x07: [4, (raw, params) => ({kind: 'limits', maxMm: raw, minMm: (params[2] << 8) | params[3]})],
  0x0e: [1, (_, params) => ({kind: 'units', inches: params[0] === 0x01})],
  0x19: [1, (_, params) => ({kind: 'touchMode', raw: params[0]})],
  0x1b: [2, (raw) => ({kind: 'goToEcho', heightMm: raw})],
  0x1d: [1, (_, params) => ({kind: 'collision', raw: params[0]})],
  0x1f: [1, (_, params) => ({kind: 'lock', locked: params[0] === 0x01})],
  0x20: [1, (_, params) => ({kind: 'limitFlags', ...limitFlags(params[0])})],
  0x21: [2, (raw) => ({kind: 'userMax', heightMm: heightToMm(raw)})],
  0x22: [2, (raw) => ({kind: 'userMin', heightMm: heightToMm(raw)})],
  // The stored height is millimetres, tenths of inches or motor counts, depending on the box: only the slot
  // counts.
  0x25: [2, (raw) => ({kind: 'preset', slot: 1, raw})],
  0x26: [2, (raw) => ({kind: 'preset', slot: 2, raw})],
  0x27: [2, (raw) => ({kind: 'preset', slot: 3, raw})],
  0x28: [2, (raw) => ({kind: 'preset', slot: 4, raw})],
  0x23: [1, (_, params) => ({kind: 'limitReached', end: params[0] === 0x01 ? 'max' : 'min'})],  // RJ45 only
  0x40: [null, () => ({kind: 'resetMode'})],
  0x92: [1, (_, params) => ({kind: 'presetMove', slot: presetOfBit[params[0]] || null})],  // RJ45 only
};

const requests = {
  0x00: [0, () => ({kind: 'wake'})],
  0x07: [0, () => ({kind: 'settingsRequest'})],
  0x0a: [0, () => ({kind: 'release'})],
  0x0c: [0, () => ({kind: 'limitsRequest'})],
  0x0e: [1, (_, params) => ({kind: 'setUnits', inches: params[0] === 0x01})],
  0x1b: [2, (raw) => ({kind: 'goTo', heightMm: raw})],
  0x1f: [1, (_, params) => ({kind: params[0] === 0x00 ? 'lockRequest' : 'lockToggle'})],
  0x27: [0, () => ({kind: 'recall', slot: 3})],
  0x28: [0, () => ({kind: 'recall', slot: 4})],
  0x29: [0, () => ({kind: 'poll'})],
  0x2b: [0, () => ({kind: 'stop'})],
};

// Returns null for what is not one whole, correct frame, else {fromDesk, command, params, kind, ...}. Kind
// 'other' is a frame whose meaning is not known, or whose length is not the one that is.
export function decodeFrame(bytes) {
  if (bytes.length < 6 || bytes[0] !== bytes[1] || (bytes[0] !== toDesk && bytes[0] !== fromDesk))
    return null;
  const [, , command, length] = bytes;
  if (bytes.length !== length + 6 || bytes[length + 5] !== terminator) return null;
  if (sum(bytes.subarray(2, length + 4)) !== bytes[length + 4]) return null;
  const params = bytes.subarray(4, length + 4);
  const known = bytes[0] === fromDesk ? reports : requests;
  const frame = {fromDesk: bytes[0] === fromDesk, command, params};
  const [expected, meaning] = Object.hasOwn(known, command) ? known[command] : [];
  if (meaning === undefined || (expected !== null && expected !== length)) return {...frame, kind: 'other'};
  return {...frame, ...meaning((params[0] << 8) | params[1], params)};
}
