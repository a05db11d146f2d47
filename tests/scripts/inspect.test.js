// SPDX-License-Identifier: Apache-2.0
import {format, inspect} from '../../bindings/js/inspect.js';
import {assert, run, test} from './harness.js';

test('primitives read as in source text', () => {
  assert.equal([undefined, null, true, 1.5, -0, 10n, Symbol('s')].map((value) => inspect(value)),
    ['undefined', 'null', 'true', '1.5', '-0', '10n', 'Symbol(s)']);
  assert.equal(['a', 'it\'s', 'a\nb', '"\'"', '\\'].map((value) => inspect(value)),
    ['\'a\'', '"it\'s"', '\'a\\nb\'', '\'"\\\'"\'', '\'\\\\\'']);
});

test('objects show class, keys and values', () => {
  assert.equal(
    inspect({a: 1, 'b-c': 'x', [Symbol('s')]: null}), '{ a: 1, \'b-c\': \'x\', [Symbol(s)]: null }');
  assert.equal(inspect(new (class Desk { height = 5; })()), 'Desk { height: 5 }');
  assert.equal(
    [inspect({}), inspect([]), inspect(Object.create(null))], ['{}', '[]', '[Object: null prototype] {}']);
  assert.equal(inspect([1, , 'a']), '[ 1, <empty>, \'a\' ]');
});

test('functions and classes show their names', () => {
  assert.equal([inspect(function f() {}), inspect(class C {}), inspect((() => () => {})())],
    ['[Function: f]', '[class C]', '[Function (anonymous)]']);
});

test('getters are not called', () => {
  let called = false;
  const text = inspect({
    get a() {
      called = true;
      return 1;
    },
    set b(value) {},
    get c() { return 1; },
    set c(value) {}
  });
  assert.equal([text, called], ['{ a: [Getter], b: [Setter], c: [Getter/Setter] }', false]);
});

test('cycles end', () => {
  const value = {a: {}};
  value.a.back = value;
  assert.equal(inspect(value), '{ a: { back: [Circular] } }');
  const twice = {};
  assert.equal(inspect([twice, twice]), '[ {}, {} ]');
});

test('what lies deeper than two levels is named only', () => {
  assert.equal(inspect({a: {b: {c: {d: 1}}}}), '{ a: { b: { c: [Object] } } }');
  assert.equal(inspect({a: {b: {c: [1]}}}), '{ a: { b: { c: [Array] } } }');
  assert.equal(inspect({a: {b: {c: {d: 1}}}}, {depth: 3}), '{ a: { b: { c: { d: 1 } } } }');
});

test('maps, sets, dates, patterns and wrappers', () => {
  assert.equal(inspect(new Map([['a', {b: 1}]])), 'Map(1) { \'a\' => { b: 1 } }');
  assert.equal(inspect(new Set([1, 'x'])), 'Set(2) { 1, \'x\' }');
  assert.equal([inspect(new Date(0)), inspect(new Date(Number.NaN)), inspect(/a/g)],
    ['1970-01-01T00:00:00.000Z', 'Invalid Date', '/a/g']);
  assert.equal([inspect(Promise.resolve(1)), inspect(new WeakMap()), inspect(Object(1))],
    ['Promise {}', 'WeakMap {}', '[Number: 1]']);
});

test('bytes read as hexadecimal, other arrays as numbers', () => {
  assert.equal(inspect(Uint8Array.of(0xf2, 1)), 'Uint8Array(2) <f2 01>');
  assert.equal(inspect(Uint8Array.of(0xf2, 1), {hex: false}), 'Uint8Array(2) [ 242, 1 ]');
  assert.equal(inspect(Float32Array.of(1.5)), 'Float32Array(1) [ 1.5 ]');
  assert.equal(inspect(Uint8Array.of(1, 2).buffer), 'ArrayBuffer { 01 02 }');
  assert.equal(inspect(new DataView(new ArrayBuffer(1))), 'DataView(1) <00>');
  assert.match(inspect(new Uint8Array(1000)), /^Uint8Array\(1000\) <(00 ){100}\.\.\. 900 more bytes>$/);
});

test('errors show stack, code and cause', () => {
  const error = new RangeError('bad', {cause: new Error('why')});
  error.code = 'EIO';
  const text = inspect(error);
  assert.match(text, /^RangeError: bad\n {4}at .*inspect\.test\.js:\d+:\d+/);
  assert.match(text, /\{ code: 'EIO' \}/);
  assert.match(text, /\[cause\]: Error: why\n {4}at /);
  error.message = 'changed';
  assert.match(inspect(error), /^RangeError: changed\n {4}at /);
});

test('a value that resists is still shown', () => {
  assert.equal(
    inspect(new Proxy({a: 1}, {ownKeys() { throw new Error('no'); }})), '[object that cannot be inspected]');
  assert.equal(inspect(new Proxy({a: 1}, {})), '{ a: 1 }');
  const liar = Object.create(Map.prototype);
  liar.constructor = 5;
  assert.match(inspect(liar), /constructor: 5/);
});

test('output is bounded, however large the value', () => {
  const wide =
    Object.fromEntries(Array.from({length: 100000}, (_, index) => [`key${index}`, 'x'.repeat(50)]));
  let nested = 'end';
  for (let i = 0; i < 1000; i++) nested = [nested, nested];
  for (const value
         of [wide, 'x'.repeat(1e6), Array(1e6).fill('x'.repeat(100)), nested, {a: 'y'.repeat(1e6)}]) {
    assert.ok(inspect(value, {depth: 20}).length <= 10000);
    assert.ok(format('%s', value).length <= 10000);
  }
  assert.match(inspect(Array.from({length: 150}, (_, index) => index)), /99,\n.*\.\.\. 50 more items/);
});

test('format replaces as printf does, and appends the rest', () => {
  assert.equal(
    format('%s is %d, %i, %f, %j%%', 'x', '4.5', 4.9, '1.5', {a: 1}), 'x is 4.5, 4, 1.5, {"a":1}%');
  assert.equal(format('%o|%O', {a: 1}, [2]), '{ a: 1 }|[ 2 ]');
  assert.equal(format('%cred%c', 'color: red', ''), 'red');
  assert.equal(format('a', 1, {b: 2}, 'c'), 'a 1 { b: 2 } c');
  assert.equal(format('%s %s', 'only'), 'only %s');
  assert.equal(format('100%'), '100%');
  assert.equal(format('100%%'), '100%%');
  assert.equal(format({a: 1}, '%s'), '{ a: 1 } %s');
  assert.equal(format('%d %i %d', {}, Symbol('x'), 5n), 'NaN NaN 5n');
  assert.equal(format(), '');
  const cycle = {};
  cycle.cycle = cycle;
  assert.match(format('%j', cycle), /^\[Converting circular/);
});

await run();
