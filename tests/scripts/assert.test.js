// SPDX-License-Identifier: Apache-2.0
// What the assertions of deskd:test take for the same, and what not. They do not judge themselves here: a case throws.

import {assert} from '../../bindings/js/test_assert.js';
import {run, test} from './harness.js';

class Point { constructor(x) { this.x = x; } }
class Hidden { #x; constructor(x) { this.#x = x; } get x() { return this.#x; } }
class OwnError extends Error {}

const bytes = (...values) => new Uint8Array(values);
const coded = (code) => Object.assign(new Error('a'), {code});
const looped = (value) => { const object = {value}; object.self = object; return object; };

function verdict(fn) {
  try {
    fn();
    return 'passes';
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

function require(condition, text) { if (!condition) throw new Error(text); }

const pairs = {
  'numbers': [1, 2],
  'zeros of different signs': [0, -0],
  'a number and its text': [1, '1'],
  'sets': [new Set([1]), new Set([2, 3])],
  'sets of one size': [new Set([1, 2]), new Set([1, 3])],
  'sets of objects': [new Set([{a: 1}, {a: 1}]), new Set([{a: 1}, {a: 2}])],
  'maps': [new Map([[1, 2]]), new Map([[1, 3]])],
  'keys of maps': [new Map([[1, 2]]), new Map([[2, 2]])],
  'dates': [new Date(1), new Date(2)],
  'a date and an invalid one': [new Date(1), new Date(NaN)],
  'errors': [new Error('a'), new Error('b')],
  'errors of different codes': [coded('EBUSY'), coded('EIO')],
  'errors of different causes': [new Error('a', {cause: 1}), new Error('a', {cause: 2})],
  'errors of different classes': [new Error('a'), new OwnError('a')],
  'errors that hold errors': [new AggregateError([1], 'a'), new AggregateError([2], 'a')],
  'patterns': [/a/, /b/],
  'flags of patterns': [/a/, /a/i],
  'an object and an array': [{}, []],
  'an object and a set': [{}, new Set()],
  'an object and a promise': [{}, Promise.resolve()],
  'promises': [Promise.resolve(1), Promise.resolve(2)],
  'weak maps': [new WeakMap(), new WeakMap()],
  'a hole and a value': [[,], [1]],  // eslint-disable-line no-sparse-arrays
  'a hole and undefined': [[,], [undefined]],  // eslint-disable-line no-sparse-arrays
  'lengths': [[1], [1, 2]],
  'keys': [{a: undefined}, {b: undefined}],
  'symbols as keys': [{[Symbol.iterator]: 1}, {[Symbol.iterator]: 2}],
  'deep values': [{a: [{b: 1}]}, {a: [{b: 2}]}],
  'buffers': [bytes(1).buffer, bytes(2).buffer],
  'lengths of buffers': [bytes(1).buffer, bytes(1, 2).buffer],
  'data views': [new DataView(bytes(1).buffer), new DataView(bytes(2).buffer)],
  'typed arrays': [bytes(1, 2), bytes(1, 3)],
  'typed arrays of different classes': [bytes(1), new Int8Array([1])],
  'objects of a class': [new Point(1), new Point(2)],
  'objects of a class with private fields': [new Hidden(1), new Hidden(2)],
  'an object of a class and a plain one': [new Point(1), {x: 1}],
  'boxed values': [Object(1), Object(2)],
  'functions': [() => 1, () => 1],
  'objects that hold themselves': [looped(1), looped(2)],
};

for (const [name, [a, b]] of Object.entries(pairs)) {
  test(`equal() tells ${name} apart`, () => {
    for (const [actual, expected] of [[a, b], [b, a]]) {
      const said = verdict(() => assert.equal(actual, expected));
      require(said.startsWith('AssertionError: value: expected '), said);
    }
  });
}

const alike = {
  'NaN': () => NaN,
  'arrays': () => [1, [2, {a: 3}], undefined, null],
  'sets of objects': () => new Set([{a: 1}, [2]]),
  'maps of objects': () => new Map([[{a: 1}, {b: 2}]]),
  'dates': () => new Date(5),
  'invalid dates': () => new Date(NaN),
  'errors': () => coded('EBUSY'),
  'errors of a class': () => new OwnError('a'),
  'patterns': () => /a/g,
  'objects without a prototype': () => Object.assign(Object.create(null), {a: 1}),
  'buffers': () => bytes(1, 2).buffer,
  'data views': () => new DataView(bytes(0, 1, 2).buffer, 1),
  'typed arrays': () => new Float32Array([1.5, NaN]),
  'objects that hold themselves': () => looped(1),
};

for (const [name, make] of Object.entries(alike)) {
  test(`equal() takes ${name} for the same`, () => assert.equal(make(), make()));
}

test('equal() takes members of sets and maps in any order', () => {
  assert.equal(new Set([1, {a: 1}]), new Set([{a: 1}, 1]));
  assert.equal(new Map([[1, 2], [3, 4]]), new Map([[3, 4], [1, 2]]));
});

test('equal() says so if two values only look alike', () => {
  const said = verdict(() => assert.equal(new Point(1), new Point(1), 'place'));
  require(said === 'AssertionError: place: expected Point { x: 1 }, found another that looks like it', said);
});

test('throws() and rejects() take any error if none is named', async () => {
  require(assert.throws(() => { throw new Error('a'); }).message === 'a', 'another error');
  require((await assert.rejects(Promise.reject(new Error('b')))).message === 'b', 'another error');
  require(verdict(() => assert.throws(() => {})) === 'AssertionError: expected an error, found none', 'passes');
});

test('throws() wants a pattern or properties', () => {
  const boom = () => { throw new Error('a'); };
  for (const expected of ['a', null, 1]) {
    const said = verdict(() => assert.throws(boom, expected));
    require(said.startsWith('TypeError: assert: expected: expected a regular expression or an object, found '), said);
  }
  const said = verdict(() => assert.throws(() => { throw undefined; }, {code: 'EBUSY'}));
  require(said.startsWith('AssertionError: expected the error\'s code'), said);
  const absent = verdict(() => assert.throws(boom, {code: /undefined/}));
  require(absent.startsWith('AssertionError'), absent);
});

test('patterns with a memory find the same twice', () => {
  for (const pattern of [/b/g, /a/y]) {
    for (let i = 0; i < 2; i++) {
      assert.match('ab', pattern);
      assert.throws(() => { throw new Error('x'); }, /x/g);
      assert.throws(() => { throw new Error('ab'); }, {message: pattern});
    }
  }
});

test('match() wants text, and a pattern', () => {
  for (const value of [undefined, null, {}]) {
    const said = verdict(() => assert.match(value, /undef|null|object/));
    require(said.startsWith('AssertionError: expected text like'), said);
  }
  const said = verdict(() => assert.match('text', 'text'));
  require(said === 'TypeError: assert.match: pattern: expected a regular expression, found "text"', said);
});

await run();
