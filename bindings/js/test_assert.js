// SPDX-License-Identifier: Apache-2.0
// Assertions that say what was expected and what was found.

import {inspect} from './inspect.js';

class AssertionError extends Error {
  get name() { return 'AssertionError'; }
}

function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (ArrayBuffer.isView(a) || Array.isArray(a)) {
    return a.constructor === b.constructor && a.length === b.length &&
      Array.prototype.every.call(a, (item, index) => same(item, b[index]));
  }
  if (a instanceof Map) {
    return b instanceof Map && same([...a], [...b]);
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

function check(condition, message) {
  if (!condition) throw new AssertionError(message);
}

// Without its stack: the assertion has one of its own.
function words(error) {
  if (!(error instanceof Error)) return inspect(error);
  return error.code === undefined ? String(error) : `${error} (code ${inspect(error.code)})`;
}

function checkError(error, expected) {
  if (expected instanceof RegExp) {
    check(expected.test(String(error)), `expected an error like ${expected}, found ${words(error)}`);
    return;
  }
  for (const [key, value] of Object.entries(expected)) {
    const fits = value instanceof RegExp ? value.test(String(error[key])) : same(error[key], value);
    check(fits, `expected the error's ${key} to be ${inspect(value)}, found ${words(error)}`);
  }
}

export const assert = {
  ok(value, message = 'expected a true value') { check(value, `${message}, found ${inspect(value)}`); },

  equal(actual, expected, message = 'value') {
    check(same(actual, expected), `${message}: expected ${inspect(expected, {depth: 8})}, ` +
      `found ${inspect(actual, {depth: 8})}`);
  },

  near(actual, expected, tolerance, message = 'value') {
    check(typeof actual === 'number' && Math.abs(actual - expected) <= tolerance,
      `${message}: expected ${expected} within ${tolerance}, found ${inspect(actual)}`);
  },

  match(text, pattern) {
    check(pattern.test(text), `expected text like ${pattern}, found ${inspect(text)}`);
  },

  // `expected` is a pattern for the text, or properties of the error (values or patterns).
  throws(fn, expected) {
    let caught;
    try {
      fn();
    } catch (error) {
      caught = {error};
    }
    check(caught, 'expected an error, found none');
    checkError(caught.error, expected);
    return caught.error;
  },

  async rejects(promise, expected) {
    let caught;
    try {
      await promise;
    } catch (error) {
      caught = {error};
    }
    check(caught, 'expected a rejection, found none');
    checkError(caught.error, expected);
    return caught.error;
  },
};
