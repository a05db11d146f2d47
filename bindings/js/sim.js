// SPDX-License-Identifier: Apache-2.0
// deskd:sim: drives the simulated board. Commands are words of text (hal/sim/board_wire.h), answered at once;
// they are promises all the same, as everything that reaches hardware.

import * as native from 'native:sim';
import {toBytes} from './bytes.js';
import {checkFunction, codedError, describe, numberOption} from './errors.js';
import {SimRecording} from './sim_recording.js';
import {decodeWord, encodeWord} from './sim_words.js';

export {SimRecording};

if (!native.available) {
  throw codedError('ERR_NOT_SIMULATED', 'deskd:sim: expected a simulated board (deskd --sim, ' +
    'deskd --board SOCKET, deskd-host --board SOCKET), found this machine\'s hardware');
}

function ask(command, ...words) {
  return native.request([command, ...words].join(' '));
}

// One word, whatever it holds.
function text(value, name) {
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`${name}: expected a text, found ${describe(value)}`);
  return encodeWord(value);
}

function oneOf(value, name, known) {
  if (!known.includes(value))
    throw new TypeError(`${name}: expected one of ${known.join(', ')}, found ${describe(value)}`);
  return value;
}

function address(value) {
  return String(numberOption(value, 'address', {min: 0, max: 0x7f, integer: true, fallback: NaN}));
}

function levelWord(level) {
  if (level === null) return 'z';
  if (typeof level === 'boolean' || level === 0 || level === 1) return level ? '1' : '0';
  throw new TypeError(`level: expected true, false, 1, 0 or null, found ${describe(level)}`);
}

function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') || '-';
}

function fromHex(hex) {
  return Uint8Array.from(hex === '-' ? [] : hex.match(/../g), (digits) => parseInt(digits, 16));
}

// What a person or a wire from outside does to a line: null lets go of it.
export async function drive(line, level) { ask('sim drive', text(line, 'line'), levelWord(level)); }

export async function pull(line, direction) {
  ask('sim pull', text(line, 'line'), oneOf(direction, 'direction', ['up', 'down', 'none']));
}

export async function wire(a, b) { ask('sim wire', text(a, 'line'), text(b, 'line')); }

export async function unwire(line) { ask('sim unwire', text(line, 'line')); }

// From now on each change of the line from outside goes back `times` times within `ms` before it stays.
export async function bounce(line, {times, ms} = {}) {
  const count = numberOption(times, 'times', {min: 0, max: 1000000, fallback: 0, integer: true});
  const within = numberOption(ms, 'ms', {min: 0, max: 60000, fallback: 5});
  ask('sim bounce', text(line, 'line'), `times=${count}`, `ms=${within.toFixed(6)}`);
}

// Somebody else has the line: requests of it fail with EBUSY until unhold().
export async function hold(line, consumer) {
  ask('sim hold', text(line, 'line'), text(consumer, 'consumer'));
}

export async function unhold(line) { ask('sim unhold', text(line, 'line')); }

export async function level(line) { return ask('sim level', text(line, 'line')) === '1'; }

// The operation's uses fail with the code: `after` more that go well, then `count` (1; Infinity: all).
export async function fault(operation, code, {after, count = 1, line} = {}) {
  const words = [text(operation, 'operation'), text(code, 'code')];
  words.push(`after=${numberOption(after, 'after', {min: 0, max: 1e9, fallback: 0, integer: true})}`);
  words.push(count === Infinity ? 'count=always' :
    `count=${numberOption(count, 'count', {min: 1, max: 1e9, integer: true})}`);
  if (line !== undefined) words.push(`line=${text(line, 'line')}`);
  ask('sim fault', ...words);
}

export async function clearFaults() { ask('sim fault none'); }

export const i2c = Object.freeze({
  async buses() { return ask('i2c buses').split(' ').filter((name) => name !== ''); },
  async add(bus, at, kind) { ask('sim i2c add', text(bus, 'bus'), address(at), text(kind, 'kind')); },
  async remove(bus, at) { ask('sim i2c remove', text(bus, 'bus'), address(at)); },
  async set(bus, at, name, value) {
    const number = numberOption(value, name, {min: -1e12, max: 1e12, fallback: NaN});
    ask('sim i2c set', text(bus, 'bus'), address(at), text(name, 'name'), String(number));
  },
  async get(bus, at, name) {
    return Number(ask('sim i2c get', text(bus, 'bus'), address(at), text(name, 'name')));
  },
  // 'nack', 'stuck' (transfers do not end before it is cleared) or 'none'; of one address, or of all.
  async fault(bus, kind, at) {
    const words = [text(bus, 'bus'), oneOf(kind, 'fault', ['nack', 'stuck', 'none'])];
    if (at !== undefined) words.push(address(at));
    ask('sim i2c fault', ...words);
  },
  // As if a driver of the kernel had the address.
  async claim(bus, at, claimed = true) {
    ask('sim i2c claim', text(bus, 'bus'), address(at), claimed ? '1' : '0');
  },
});

export const serial = Object.freeze({
  // Resolves with the path to open.
  async add(name) { return decodeWord(ask('sim serial add', text(name, 'name'))); },
  async remove(name) { ask('sim serial remove', text(name, 'name')); },
  async plug(name) { ask('sim serial plug', text(name, 'name')); },
  async unplug(name) { ask('sim serial unplug', text(name, 'name')); },
  // What the device at the other end sends, and what it has received since the last take().
  async send(name, bytes) { ask('sim serial send', text(name, 'name'), toHex(toBytes(bytes, 'send'))); },
  async take(name) { return fromHex(ask('sim serial take', text(name, 'name'))); },
});

// Something that is connected to the board: a desk, a sensor that needs more than a level.
export class SimPlant {
  #id;
  #kind;

  constructor(kind, id) {
    if (id === undefined) throw new TypeError('SimPlant: expected plant() to make it, found new');
    this.#kind = kind;
    this.#id = id;
  }

  get kind() { return this.#kind; }

  async set(name, value) { ask('sim plant set', this.#id, text(name, 'name'), plantValue(value, name)); }

  // A number where the value is one, else text.
  async get(name) {
    const value = decodeWord(ask('sim plant get', this.#id, text(name, 'name')));
    return value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value);
  }

  async remove() { ask('sim plant remove', this.#id); }
}

function plantValue(value, name) {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'string') return encodeWord(value);
  throw new TypeError(`${name}: expected a number, a text, true or false, found ${describe(value)}`);
}

export async function plant(kind, options = {}) {
  const words = Object.entries(options).map(([key, value]) => `${encodeWord(key)}=${plantValue(value, key)}`);
  return new SimPlant(kind, ask('sim plant add', text(kind, 'kind'), ...words));
}

// What the wires do from now on, from the board itself.
export async function record() {
  return new SimRecording((line, gone) => {
    checkFunction(line, 'line');
    return native.record(line, gone);
  });
}
