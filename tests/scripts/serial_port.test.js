// SPDX-License-Identifier: Apache-2.0
import {SerialPort} from '../../bindings/js/serial_port.js';
import {settle} from './fake_clock.js';
import {assert, run, test} from './harness.js';

// The native port, as bindings/serial.cpp is seen from JavaScript.
class FakeNative {
  written = [];
  flushes = 0;
  closes = 0;
  connected = true;
  path = '/dev/x';
  onWrite = () => {};

  stats() { return {frames: this.written.length, garbageBytes: 0, badChecksums: 0, oversize: 0}; }
  flush() { this.flushes++; }
  close() { this.closes++; }
  async write(bytes) {
    if (!this.connected) throw Object.assign(new Error('gone'), {code: 'ERR_DISCONNECTED'});
    this.written.push([...bytes]);
    this.onWrite(bytes);
  }
}

function setup() {
  const native = new FakeNative();
  let callbacks;
  const port = new SerialPort('/dev/x', (given) => {
    callbacks = given;
    return native;
  });
  return {native, port, callbacks};
}

const frame = (...bytes) => Uint8Array.from(bytes);

test('writes bytes, arrays, buffers and text', async () => {
  const {native, port} = setup();
  await port.write(frame(1, 2));
  await port.write([3, 255]);
  await port.write('h\u00e9');
  await port.write(frame(5, 6).buffer);
  await port.write(new Uint16Array([0x0102]));
  assert.equal(native.written, [[1, 2], [3, 255], [104, 0xc3, 0xa9], [5, 6], [2, 1]]);
});

test('refuses what are no bytes, naming the place', async () => {
  const {port} = setup();
  await assert.rejects(port.write([1, 256]), {name: 'RangeError', message: /write\[1\]: .*found 256/});
  await assert.rejects(port.write([1.5]), {name: 'RangeError'});
  await assert.rejects(port.write(5), {name: 'TypeError', message: /found 5/});
  await assert.rejects(port.write(), {name: 'TypeError'});
});

test('frames reach listeners and iterators', async () => {
  const {port, callbacks} = setup();
  const seen = [];
  port.on('frame', (bytes) => seen.push(...bytes));
  const frames = port.frames();
  callbacks.frame(frame(1));
  callbacks.frame(frame(2));
  assert.equal(seen, [1, 2]);
  assert.equal((await frames.next()).value, frame(1));
});

test('disconnect and reconnect are events with a reason', () => {
  const {port, callbacks} = setup();
  const seen = [];
  port.on('disconnect', (error) => seen.push([error.code, error.message]));
  port.on('reconnect', () => seen.push('back'));
  callbacks.disconnect('unplugged');
  callbacks.reconnect();
  assert.equal(seen, [['ERR_DISCONNECTED', 'serial port /dev/x: unplugged'], 'back']);
});

test('a request resolves with the first frame that matches', async () => {
  const {native, port, callbacks} = setup();
  native.onWrite = () => {
    callbacks.frame(frame(9));
    callbacks.frame(frame(1, 2));
  };
  assert.equal(await port.request([7], {match: (bytes) => bytes[0] === 1}), frame(1, 2));
  assert.equal(native.flushes, 1);
});

test('without match the next frame is the answer', async () => {
  const {native, port, callbacks} = setup();
  native.onWrite = () => callbacks.frame(frame(9));
  assert.equal(await port.request([7]), frame(9));
});

test('requests run one after another', async () => {
  const {native, port, callbacks} = setup();
  const first = port.request([1]);
  const second = port.request([2]);
  await settle();
  assert.equal(native.written, [[1]]);
  callbacks.frame(frame(10));
  assert.equal(await first, frame(10));
  await settle();
  assert.equal(native.written, [[1], [2]]);
  callbacks.frame(frame(20));
  assert.equal(await second, frame(20));
});

test('times out after its retries with ETIMEDOUT, and the next request goes on', async () => {
  const {native, port, callbacks} = setup();
  const first = port.request([1], {timeout: 5, retries: 2});
  const second = port.request([2]);
  await assert.rejects(first, {code: 'ETIMEDOUT', message: /within 5 ms, found none in 3 attempts/});
  assert.equal(native.written, [[1], [1], [1], [2]]);
  assert.equal(native.flushes, 4);
  callbacks.frame(frame(20));
  assert.equal(await second, frame(20));
});

test('an answer to a retry is an answer', async () => {
  const {native, port, callbacks} = setup();
  native.onWrite = () => { if (native.written.length === 2) callbacks.frame(frame(3)); };
  assert.equal(await port.request([1], {timeout: 5, retries: 1}), frame(3));
});

test('an aborted request rejects with the reason, waiting or running', async () => {
  const {native, port, callbacks} = setup();
  const running = new AbortController();
  const waiting = new AbortController();
  const first = port.request([1], {signal: running.signal});
  const second = port.request([2], {signal: waiting.signal});
  const third = port.request([3]);
  waiting.abort(new Error('not wanted'));
  await assert.rejects(second, {message: 'not wanted'});
  running.abort(new Error('enough'));
  await assert.rejects(first, {message: 'enough'});
  await settle();
  assert.equal(native.written, [[1], [3]]);
  callbacks.frame(frame(4));
  assert.equal(await third, frame(4));
  await assert.rejects(
    port.request([5], {signal: AbortSignal.abort(new Error('early'))}), {message: 'early'});
});

test('a disconnection fails the running request', async () => {
  const {port, callbacks} = setup();
  const request = port.request([1]);
  callbacks.disconnect('unplugged');
  await assert.rejects(request, {code: 'ERR_DISCONNECTED'});
});

test('a request fails with what the write failed with', async () => {
  const {native, port} = setup();
  native.connected = false;
  await assert.rejects(port.request([1]), {code: 'ERR_DISCONNECTED', message: 'gone'});
});

test('a match that throws fails its request only', async () => {
  const {port, callbacks} = setup();
  const first = port.request([1], {match: () => { throw new Error('mine'); }});
  await settle();
  callbacks.frame(frame(1));
  await assert.rejects(first, {message: 'mine'});
  const second = port.request([2]);
  await settle();
  callbacks.frame(frame(2));
  assert.equal(await second, frame(2));
});

test('no more than 64 requests wait', async () => {
  const {port} = setup();
  const requests = Array.from({length: 65}, () => port.request([1], {timeout: 60000}));
  await assert.rejects(port.request([1]), {code: 'ERR_OVERFLOW', message: /at most 64/});
  port.close();
  for (const request of requests) await assert.rejects(request, {code: 'ERR_CLOSED'});
});

test('request options are checked by name', async () => {
  const {port} = setup();
  await assert.rejects(port.request([1], {timeout: 0}), {name: 'RangeError', message: /^timeout: /});
  await assert.rejects(
    port.request([1], {retries: 1.5}), {name: 'RangeError', message: /^retries: expected an integer/});
  await assert.rejects(port.request([1], {match: 5}), {name: 'TypeError', message: /^match: /});
});

test('close is idempotent, tells once, and calls nobody afterwards', async () => {
  const {native, port, callbacks} = setup();
  const seen = [];
  for (const name of ['frame', 'disconnect', 'reconnect', 'close']) port.on(name, () => seen.push(name));
  const frames = port.frames();
  port.close();
  port.close();
  callbacks.frame(frame(1));
  callbacks.disconnect('x');
  callbacks.reconnect();
  callbacks.closed();
  assert.equal(seen, ['close']);
  assert.equal(native.closes, 1);
  assert.equal((await frames.next()).done, true);
  assert.equal([port.closed, port.connected], [true, false]);
  assert.equal(port.stats.frames, 0);
});

test('using a closed port gives ERR_CLOSED', async () => {
  const {port} = setup();
  port.close();
  await assert.rejects(port.write([1]), {code: 'ERR_CLOSED', message: 'serial port /dev/x is closed'});
  await assert.rejects(port.request([1]), {code: 'ERR_CLOSED'});
  await assert.rejects(port.once('frame'), {code: 'ERR_CLOSED'});
  assert.throws(() => port.frames(), {code: 'ERR_CLOSED'});
});

test('a device that is lost for good closes the port', () => {
  const {port, callbacks} = setup();
  const seen = [];
  port.on('disconnect', () => seen.push('disconnect'));
  port.on('close', () => seen.push('close'));
  callbacks.disconnect('unplugged');
  callbacks.closed();
  assert.equal(seen, ['disconnect', 'close']);
  assert.equal(port.closed, true);
});

test('closing in a frame listener ends the delivery', () => {
  const {port, callbacks} = setup();
  const seen = [];
  port.on('frame', () => { seen.push(1); port.close(); });
  port.on('frame', () => seen.push(2));
  callbacks.frame(frame(1));
  callbacks.frame(frame(2));
  assert.equal(seen, [1]);
});

test('asyncDispose closes', async () => {
  const {native, port} = setup();
  await port[Symbol.asyncDispose]();
  assert.equal(native.closes, 1);
});

test('a port is made by open only', () => {
  assert.throws(() => new SerialPort('/dev/x'), {name: 'TypeError', message: /open\(\)/});
});

await run();
