// SPDX-License-Identifier: Apache-2.0
// Levels of lines, as scripts write them.

import {describe} from './errors.js';

function toLevel(value, name) {
  if (value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  throw new TypeError(`${name}: expected true, false, 1 or 0, found ${describe(value)}`);
}

// An array with a level for each line. For a `single` line a script writes just the level.
export function toLevels(value, name, count, single) {
  if (single) return [toLevel(value, name)];
  if (!Array.isArray(value))
    throw new TypeError(`${name}: expected an array with a level for each line, found ${describe(value)}`);
  if (value.length !== count)
    throw new RangeError(`${name}: expected ${count} levels, one for each line, found ${value.length}`);
  return Array.from(value, (level, index) => toLevel(level, `${name}[${index}]`));
}
