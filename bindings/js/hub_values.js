// SPDX-License-Identifier: Apache-2.0
// Values on their way to and from hubs. How a value is written for them (plain decimals, ON, None) is the
// daemon's; hubs send numbers such as 94.80000000000001.

import {codedError, describe} from './errors.js';

// At most `precision` decimals; null, which means unknown, for what is no finite number.
export function toNumber(value, precision = 6) {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return Number(value.toFixed(precision)) + 0;  // never -0
}

export function toFlag(value, name) {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name}: expected true, false or null, found ${describe(value)}`);
}

export function badCommand(expected, payload) {
  return codedError('ERR_BAD_COMMAND', `expected ${expected}, found ${describe(payload)}`);
}

export function parseNumber(payload, {min, max}) {
  const text = payload.trim();
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  // A slider's last step may miss the limit by a rounding error; that is the limit.
  const slack = 1e-6;
  if (!(value >= min - slack && value <= max + slack)) {
    throw badCommand(`a number from ${min} to ${max}`, payload);
  }
  return Math.min(max, Math.max(min, value));
}

export function parseWord(payload, words) {
  const word = payload.trim();
  if (!words.includes(word))
    throw badCommand(words.length === 1 ? words[0] : `one of ${words.join(', ')}`, payload);
  return word;
}
