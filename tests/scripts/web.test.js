// SPDX-License-Identifier: Apache-2.0
// The web's globals, as scripts have them.
import {assert, run, test} from './harness.js';

test('listeners are called in order, once each, until they are removed', () => {
  const target = new EventTarget();
  const seen = [];
  const first = (event) => seen.push(`1${event.type}`);
  target.addEventListener('x', first);
  target.addEventListener('x', first);
  target.addEventListener('x', {handleEvent: () => seen.push('2')});
  target.addEventListener('x', () => seen.push('3'), {once: true});
  target.dispatchEvent(new Event('x'));
  target.removeEventListener('x', first);
  target.dispatchEvent(new Event('x'));
  assert.equal(seen, ['1x', '2', '3', '2']);
});

test('an event knows its target while and after it is dispatched', () => {
  const target = new EventTarget();
  const event = new CustomEvent('x', {detail: 5, cancelable: true});
  let during = null;
  target.addEventListener('x', function listener(received) {
    during = [received === event, received.currentTarget === target, this === target, received.detail];
    received.preventDefault();
  });
  assert.equal(target.dispatchEvent(event), false);
  assert.equal(during, [true, true, true, 5]);
  assert.equal([event.target === target, event.currentTarget, event.defaultPrevented], [true, null, true]);
});

test('a listener may stop those after it, and be removed by a signal', () => {
  const target = new EventTarget();
  const controller = new AbortController();
  const seen = [];
  target.addEventListener('x', (event) => {
    seen.push(1);
    event.stopImmediatePropagation();
  }, {signal: controller.signal});
  target.addEventListener('x', () => seen.push(2));
  target.dispatchEvent(new Event('x'));
  controller.abort();
  target.dispatchEvent(new Event('x'));
  assert.equal(seen, [1, 2]);
});

test('what is no event is refused, and what is dispatched cannot be dispatched again', () => {
  const target = new EventTarget();
  assert.throws(() => target.dispatchEvent({type: 'x'}), {name: 'TypeError'});
  assert.throws(() => new Event(), {name: 'TypeError'});
  let nested = null;
  target.addEventListener('x', (event) => {
    nested = assert.throws(() => target.dispatchEvent(event), {name: 'InvalidStateError'});
  });
  target.dispatchEvent(new Event('x'));
  assert.ok(nested);
});

test('aborting tells once, with the reason', () => {
  const controller = new AbortController();
  const seen = [];
  controller.signal.addEventListener('abort', (event) => seen.push(event.type));
  controller.signal.onabort = () => seen.push('handler');
  controller.abort('why');
  controller.abort('again');
  assert.equal(
    [controller.signal.aborted, controller.signal.reason, seen], [true, 'why', ['abort', 'handler']]);
  assert.throws(() => AbortSignal.abort().throwIfAborted(), {name: 'AbortError', code: 20});
  assert.throws(() => new AbortSignal(), {name: 'TypeError'});
});

test('a signal can be a time limit or any of several', async () => {
  const late = AbortSignal.timeout(1);
  await new Promise((resolve) => { late.addEventListener('abort', resolve); });
  assert.equal(late.reason.name, 'TimeoutError');
  const controller = new AbortController();
  const either = AbortSignal.any([controller.signal, new AbortController().signal]);
  assert.equal(either.aborted, false);
  controller.abort('one');
  assert.equal(either.reason, 'one');
  assert.equal(AbortSignal.any([controller.signal]).aborted, true);
  assert.throws(() => AbortSignal.any([5]), {name: 'TypeError'});
});

test('text becomes UTF-8 and back', () => {
  const text = 'h\u00e9\u4e2d\u{1f600}\0';
  const bytes = new TextEncoder().encode(text);
  assert.equal([...bytes], [0x68, 0xc3, 0xa9, 0xe4, 0xb8, 0xad, 0xf0, 0x9f, 0x98, 0x80, 0]);
  assert.equal(new TextDecoder().decode(bytes), text);
  assert.equal(new TextDecoder().decode(bytes.buffer.slice(1, 3)), '\u00e9');
  assert.equal(new TextDecoder().decode(new DataView(bytes.buffer, 3, 3)), '\u4e2d');
  assert.equal([new TextEncoder().encode().length, new TextDecoder().decode()], [0, '']);
  assert.equal(new TextEncoder().encode('\ud800'), Uint8Array.of(0xef, 0xbf, 0xbd));
});

test('encodeInto writes whole characters only', () => {
  const target = new Uint8Array(4);
  assert.equal(new TextEncoder().encodeInto('a\u00e9\u{1f600}', target), {read: 2, written: 3});
  assert.equal(target, Uint8Array.of(0x61, 0xc3, 0xa9, 0));
});

test('a stream may be cut anywhere', () => {
  const text = 'h\u00e9\u4e2d\u{1f600}x';
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at <= bytes.length; at++) {
    const decoder = new TextDecoder();
    const decoded =
      decoder.decode(bytes.subarray(0, at), {stream: true}) + decoder.decode(bytes.subarray(at));
    assert.equal(decoded, text, `cut at ${at}`);
  }
  const decoder = new TextDecoder();
  let all = '';
  for (const byte of bytes) all += decoder.decode(Uint8Array.of(byte), {stream: true});
  assert.equal(all + decoder.decode(), text);
  decoder.decode(Uint8Array.of(0xe4, 0xb8), {stream: true});
  assert.equal(decoder.decode(), '\ufffd');
});

test('bad bytes are replaced, or refused when fatal', () => {
  assert.equal(new TextDecoder().decode(Uint8Array.of(0x61, 0xff, 0x62)), 'a\ufffdb');
  assert.equal(new TextDecoder().decode(Uint8Array.of(0xed, 0xa0, 0x80)), '\ufffd\ufffd\ufffd');
  const fatal = new TextDecoder('utf-8', {fatal: true});
  assert.throws(() => fatal.decode(Uint8Array.of(0xff)), {name: 'TypeError'});
  assert.equal(fatal.decode(Uint8Array.of(0x61)), 'a');
  assert.equal([fatal.fatal, fatal.ignoreBOM, fatal.encoding], [true, false, 'utf-8']);
});

test('a byte order mark is dropped at the beginning, once, unless it is wanted', () => {
  const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf);
  assert.equal(new TextDecoder().decode(bytes), 'a\ufeff');
  assert.equal(new TextDecoder('utf8', {ignoreBOM: true}).decode(bytes), '\ufeffa\ufeff');
  const decoder = new TextDecoder();
  const parts = [bytes.subarray(0, 2), bytes.subarray(2, 4), bytes.subarray(4)];
  assert.equal(parts.map((part) => decoder.decode(part, {stream: true})).join(''), 'a\ufeff');
});

test('other encodings are refused', () => {
  assert.throws(() => new TextDecoder('latin1'), {name: 'RangeError', message: /found "latin1"/});
  assert.throws(() => new TextDecoder().decode('text'), {name: 'TypeError'});
});

test('base64 goes both ways, and says what is none', () => {
  assert.equal(
    [btoa('Ma'), btoa(''), btoa('\u00ff'), atob('TWE='), atob(' TWE ')], ['TWE=', '', '/w==', 'Ma', 'Ma']);
  assert.throws(() => btoa('\u0100'), {name: 'InvalidCharacterError', code: 5});
  assert.throws(() => atob('a'), {name: 'InvalidCharacterError'});
});

test('structuredClone copies deeply, cycles too, and refuses functions', () => {
  const value = {a: [1, {b: new Date(5)}], m: new Map([[1, new Set([2])]]), u: Uint8Array.of(1)};
  value.self = value;
  const copy = structuredClone(value);
  assert.ok(copy !== value && copy.self === copy && copy.a !== value.a);
  assert.equal([copy.a[1].b.getTime(), copy.m.get(1).has(2), copy.u], [5, true, Uint8Array.of(1)]);
  assert.throws(() => structuredClone(() => {}), {name: 'DataCloneError', code: 25});
  assert.throws(() => structuredClone({get a() { throw new RangeError('mine'); }}),
    {name: 'RangeError', message: 'mine'});
  assert.throws(() => structuredClone(), {name: 'TypeError'});
});

test('the clock is monotonic and has an origin', () => {
  const first = performance.now();
  let second = performance.now();
  while (second === first) second = performance.now();
  assert.ok(second > first);
  assert.near(performance.timeOrigin + performance.now(), Date.now(), 1000);
});

test('random values differ and identifiers have their form', () => {
  const values = crypto.getRandomValues(new Uint32Array(8));
  assert.ok(new Set(values).size > 1);
  const whole = new Uint8Array(8);
  crypto.getRandomValues(whole.subarray(2, 4));
  assert.equal([...whole.subarray(0, 2), ...whole.subarray(4)], [0, 0, 0, 0, 0, 0]);
  assert.throws(() => crypto.getRandomValues(new Float64Array(1)), {name: 'TypeError'});
  assert.throws(() => crypto.getRandomValues(new Uint8Array(65537)), {name: 'QuotaExceededError'});
  const ids = new Set(Array.from({length: 100}, () => crypto.randomUUID()));
  assert.equal(ids.size, 100);
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('timers and microtasks run in their order', async () => {
  const seen = [];
  const cancelled = setTimeout(() => seen.push('never'), 1);
  setTimeout(() => seen.push('timer'), 2);
  queueMicrotask(() => seen.push('microtask'));
  clearTimeout(cancelled);
  await new Promise((resolve) => {
    const interval = setInterval(() => {
      if (!seen.includes('timer')) return;
      clearInterval(interval);
      resolve();
    }, 1);
  });
  assert.equal(seen, ['microtask', 'timer']);
});

await run();
