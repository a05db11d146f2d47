// SPDX-License-Identifier: Apache-2.0
// The options of deskd:cron.

import {describe, numberOption} from './errors.js';

function oneOf(value, name, known) {
  if (value === undefined) return known[0];
  if (known.includes(value)) return value;
  throw new TypeError(`${name}: expected one of ${known.join(', ')}, found ${describe(value)}`);
}

function textOption(value, name, example) {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new TypeError(`${name}: expected a name such as "${example}", found ${describe(value)}`);
}

// Which times are meant. The expression itself is read by native code.
export function whenOptions(expression, {timeZone, dst}) {
  if (typeof expression !== 'string') {
    throw new TypeError(
      `cron expression: expected a text such as "30 7 * * mon-fri", found ${describe(expression)}`);
  }
  return {
    expression,
    timeZone: textOption(timeZone, 'timeZone', 'Europe/Berlin') ?? '',
    dst: oneOf(dst, 'dst', ['once', 'skip']),
  };
}

export const jobOptionNames =
  ['timeZone', 'dst', 'missed', 'overlap', 'unsynchronized', 'jitter', 'name'];

export function jobOptions(expression, options) {
  return {
    name: textOption(options.name, 'name', 'morning'),
    overlap: oneOf(options.overlap, 'overlap', ['skip', 'queue', 'allow']),
    when: {
      ...whenOptions(expression, options),
      runMissed: oneOf(options.missed, 'missed', ['skip', 'run']) === 'run',
      runUnsynchronized: oneOf(options.unsynchronized, 'unsynchronized', ['hold', 'run']) === 'run',
      jitter: numberOption(options.jitter, 'jitter', {min: 0, max: 86400000, fallback: 0, integer: true}),
    },
  };
}

// A Date or milliseconds since 1970, as milliseconds; up to the end of the year 9999.
export function timeOption(value, name, fallback) {
  const time = value instanceof Date ? value.getTime() : value ?? fallback;
  if (typeof time !== 'number')
    throw new TypeError(`${name}: expected a Date or milliseconds since 1970, found ${describe(value)}`);
  if (time >= 0 && time <= 253402300799999) return time;
  throw new RangeError(`${name}: expected a time from 1970 to 9999, found ${String(value)}`);
}
