// SPDX-License-Identifier: Apache-2.0
import {Emitter} from '../../bindings/js/emitter.js';
import {settle} from './fake_clock.js';
import {assert, run, test} from './harness.js';

const make = () => new Emitter('thing', ['a', 'b']);

test('calls listeners in order until they unsubscribe', () => {
  const emitter = make();
  const seen = [];
  const off = emitter.on('a', (value) => seen.push(`1${value}`));
  emitter.on('a', (value) => seen.push(`2${value}`));
  emitter.emit('a', 'x');
  off();
  off();
  emitter.emit('a', 'y');
  assert.equal(seen, ['1x', '2x', '2y']);
});

test('the same function may listen twice, and each subscription ends by itself', () => {
  const emitter = make();
  let calls = 0;
  const fn = () => { calls++; };
  const off = emitter.on('a', fn);
  emitter.on('a', fn);
  emitter.emit('a');
  off();
  emitter.emit('a');
  assert.equal(calls, 3);
});

test('a listener that another one unsubscribes is not called any more', () => {
  const emitter = make();
  const seen = [];
  let off = null;
  emitter.on('a', () => off());
  off = emitter.on('a', () => seen.push('second'));
  emitter.emit('a');
  assert.equal(seen, []);
});

test('names the events that there are, and refuses what is no function', () => {
  assert.throws(() => make().on('c', () => {}), {name: 'TypeError', message: /out of a, b, found "c"/});
  assert.throws(() => make().on('a'), {name: 'TypeError', message: /expected a function, found undefined/});
});

test('once resolves with the value and is gone', async () => {
  const emitter = make();
  const first = emitter.once('a');
  emitter.emit('a', 1);
  emitter.emit('a', 2);
  assert.equal(await first, 1);
});

test('once times out with ETIMEDOUT', async () => {
  await assert.rejects(make().once('a', {timeout: 1}), {code: 'ETIMEDOUT', message: /'a' within 1 ms/});
});

test('once rejects with the signal\'s reason, before and while it waits', async () => {
  const emitter = make();
  await assert.rejects(
    emitter.once('a', {signal: AbortSignal.abort(new Error('early'))}), {message: 'early'});
  const controller = new AbortController();
  const waiting = emitter.once('a', {signal: controller.signal});
  controller.abort(new Error('late'));
  await assert.rejects(waiting, {message: 'late'});
  await assert.rejects(emitter.once('a', {signal: 5}), {name: 'TypeError'});
});

test('closing rejects those who wait, ends iterations and silences listeners', async () => {
  const emitter = make();
  let calls = 0;
  emitter.on('a', () => { calls++; });
  const waiting = emitter.once('a');
  const stream = emitter.iterate('a');
  emitter.emit('a', 7);
  assert.equal(await waiting, 7);
  const second = emitter.once('b');
  emitter.close();
  emitter.emit('a', 8);
  await assert.rejects(second, {code: 'ERR_CLOSED', message: 'thing is closed'});
  assert.equal(await stream.next(), {value: 7, done: false});
  assert.equal(await stream.next(), {value: undefined, done: true});
  assert.equal(calls, 1);
  await assert.rejects(emitter.once('a'), {code: 'ERR_CLOSED'});
  assert.throws(() => emitter.iterate('a'), {code: 'ERR_CLOSED'});
});

async function collect(stream, most) {
  const values = [];
  for await (const value of stream) {
    values.push(value);
    if (values.length === most) break;
  }
  return values;
}

test('iterates over what was emitted since it was asked for', async () => {
  const emitter = make();
  emitter.emit('a', 0);
  const stream = emitter.iterate('a');
  emitter.emit('a', 1);
  const collecting = collect(stream, 3);
  await settle();
  emitter.emit('a', 2);
  emitter.emit('a', 3);
  emitter.emit('a', 4);
  assert.equal(await collecting, [1, 2, 3]);
});

test('drops the oldest when the buffer is full, and counts', async () => {
  const emitter = make();
  const stream = emitter.iterate('a', {buffer: 2});
  for (const value of [1, 2, 3, 4]) emitter.emit('a', value);
  assert.equal(stream.dropped, 2);
  assert.equal(await collect(stream, 2), [3, 4]);
});

test('latest keeps only the newest', async () => {
  const emitter = make();
  const stream = emitter.iterate('a', {overflow: 'latest'});
  for (const value of [1, 2, 3]) emitter.emit('a', value);
  assert.equal(await stream.next(), {value: 3, done: false});
  assert.equal(stream.dropped, 2);
});

test('error ends the iteration after what had been collected', async () => {
  const emitter = make();
  const stream = emitter.iterate('a', {buffer: 1, overflow: 'error'});
  emitter.emit('a', 1);
  emitter.emit('a', 2);
  emitter.emit('a', 3);
  assert.equal(await stream.next(), {value: 1, done: false});
  await assert.rejects(stream.next(), {code: 'ERR_OVERFLOW', message: /found 1 unread values/});
  assert.equal(await stream.next(), {value: undefined, done: true});
});

test('leaving the loop unsubscribes', async () => {
  const emitter = make();
  const stream = emitter.iterate('a');
  emitter.emit('a', 1);
  await collect(stream, 1);
  emitter.emit('a', 2);
  assert.equal(await stream.next(), {value: undefined, done: true});
});

test('several readers of one iterator are served in order', async () => {
  const emitter = make();
  const stream = emitter.iterate('a');
  const reads = [stream.next(), stream.next()];
  emitter.emit('a', 1);
  emitter.emit('a', 2);
  assert.equal((await Promise.all(reads)).map(({value}) => value), [1, 2]);
});

test('options of iteration are checked', () => {
  assert.throws(
    () => make().iterate('a', {buffer: 0}), {name: 'RangeError', message: /buffer: .*1 to 65536, found 0/});
  assert.throws(() => make().iterate('a', {buffer: 'x'}), {name: 'TypeError'});
  assert.throws(
    () => make().iterate('a', {overflow: 'grow'}), {message: /drop-oldest, latest, error, found "grow"/});
});

await run();
