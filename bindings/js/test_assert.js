// SPDX-License-Identifier: Apache-2.0
// Assertions that say what was expected and what was found.

import {describe} from './errors.js';
import {inspect} from './inspect.js';
import {same} from './same.js';

class AssertionError extends Error {
  get name() { return 'AssertionError'; }
}

function check(condition, message) {
  if (!condition) throw new AssertionError(message);
}

// Without its stack: the assertion has one of its own.
function words(error) {
  if (!(error instanceof Error)) return inspect(error);
  return error.code === undefined ? String(error) : `${error} (code ${inspect(error.code)})`;
}

// Wherever an earlier search with the same pattern has ended.
function fits(pattern, text) {
  return new RegExp(pattern).test(text);
}

function requirePattern(pattern) {
  if (!(pattern instanceof RegExp)) {
    throw new TypeError(`assert.match: pattern: expected a regular expression, found ${describe(pattern)}`);
  }
}

function checkError(error, expected) {
  if (expected === undefined) return;
  if (expected instanceof RegExp) {
    check(fits(expected, String(error)), `expected an error like ${expected}, found ${words(error)}`);
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    throw new TypeError(
      `assert: expected: expected a regular expression or an object, found ${describe(expected)}`);
  }
  for (const [key, value] of Object.entries(expected)) {
    const found = error?.[key];
    const suits = value instanceof RegExp ? found !== undefined && fits(value, String(found)) : same(found, value);
    check(suits, `expected the error's ${key} to be ${inspect(value)}, found ${words(error)}`);
  }
}

export const assert = {
  ok(value, message = 'expected a true value') { check(value, `${message}, found ${inspect(value)}`); },

  equal(actual, expected, message = 'value') {
    if (same(actual, expected)) return;
    const texts = [expected, actual].map((value) => inspect(value, {depth: 8}));
    // Objects of classes of their own are the same as themselves only.
    throw new AssertionError(`${message}: expected ${texts[0]}, found ` +
      (texts[0] === texts[1] ? 'another that looks like it' : texts[1]));
  },

  near(actual, expected, tolerance, message = 'value') {
    check(typeof actual === 'number' && Math.abs(actual - expected) <= tolerance,
      `${message}: expected ${expected} within ${tolerance}, found ${inspect(actual)}`);
  },

  match(text, pattern) {
    requirePattern(pattern);
    check(typeof text === 'string' && fits(pattern, text), `expected text like ${pattern}, found ${inspect(text)}`);
  },

  // `expected` is a pattern for the text, or properties of the error (values or patterns); without it any error will do.
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
