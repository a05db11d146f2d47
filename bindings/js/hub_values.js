// SPDX-License-Identifier: Apache-2.0
// Values on their way to and from hubs. Hubs read plain decimals with a dot, exact words, and `None` for
// unknown; they send numbers such as 94.80000000000001.

import {codedError, describe} from './errors.js';

export const unknown = 'None';

// At most `precision` decimals, no exponent, no trailing zeros unless `fixed`.
export function formatNumber(value, {precision = 6, fixed = false} = {}) {
  if (value === null || value === undefined || !Number.isFinite(value)) return unknown;
  const text = value.toFixed(precision);
  const trimmed = fixed || !text.includes('.') ? text : text.replace(/\.?0+$/, '');
  return /^-0(\.0*)?$/.test(trimmed) ? trimmed.slice(1) : trimmed;
}

export function formatFlag(value, name) {
  if (value === null || value === undefined) return unknown;
  if (typeof value !== 'boolean')
    throw new TypeError(`${name}: expected true, false or null, found ${describe(value)}`);
  return value ? 'ON' : 'OFF';
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
    throw badCommand(`a number from ${formatNumber(min)} to ${formatNumber(max)}`, payload);
  }
  return Math.min(max, Math.max(min, value));
}

export function parseWord(payload, words) {
  const word = payload.trim();
  if (!words.includes(word))
    throw badCommand(words.length === 1 ? words[0] : `one of ${words.join(', ')}`, payload);
  return word;
}
