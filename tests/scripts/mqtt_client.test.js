// SPDX-License-Identifier: Apache-2.0
import {MqttClient} from '../../bindings/js/mqtt_client.js';
import {settle} from './fake_clock.js';
import {assert, run, test} from './harness.js';

// native:mqtt, as bindings/mqtt.cpp is seen from JavaScript.
class FakeNative {
  published = [];
  subscriptions = [];
  connection = () => {};
  refuse = null;

  onConnection(fn) { this.connection = fn; }
  async publish(...message) { this.published.push(message); }
  async subscribe(filter, qos, fn) {
    await null;
    if (this.refuse) throw this.refuse;
    const subscription = {filter, qos, fn, closed: false};
    this.subscriptions.push(subscription);
    return {close: () => { subscription.closed = true; }};
  }
}

function setup() {
  const native = new FakeNative();
  const states = [];
  return {native, states, client: new MqttClient(native, (connected) => states.push(connected))};
}

const bytes = (text) => new TextEncoder().encode(text);

test('publishes text, bytes, numbers, flags and objects as JSON', async () => {
  const {native, client} = setup();
  await client.publish('t', 'text');
  await client.publish('t', Uint8Array.of(1), {qos: 0, retain: true});
  await client.publish('t', 4.5, {qos: 2});
  await client.publish('t', false);
  await client.publish('t', {a: [1]});
  assert.equal(native.published, [
    ['t', 'text', 1, false], ['t', Uint8Array.of(1), 0, true], ['t', '4.5', 2, false],
    ['t', 'false', 1, false], ['t', '{"a":[1]}', 1, false]
  ]);
});

test('refuses payloads and qualities that there are not', async () => {
  const {client} = setup();
  await assert.rejects(client.publish('t'), {name: 'TypeError', message: /payload: .*found undefined/});
  await assert.rejects(client.publish('t', () => {}), {name: 'TypeError', message: /found a function/});
  await assert.rejects(
    client.publish('t', 'x', {qos: 3}), {name: 'RangeError', message: /qos: .*from 0 to 2, found 3/});
});

test('a message knows its topic, bytes, text, JSON, quality and whether it was retained', async () => {
  const {native, client} = setup();
  const seen = [];
  await client.subscribe('a/+', (message) => seen.push(message), {qos: 2});
  const [{filter, qos, fn}] = native.subscriptions;
  assert.equal([filter, qos], ['a/+', 2]);
  fn('a/b', bytes('{"x":1}'), 1, true);
  const [message] = seen;
  assert.equal([message.topic, message.qos, message.retained, message.text(), message.json()],
    ['a/b', 1, true, '{"x":1}', {x: 1}]);
  assert.equal(message.payload, bytes('{"x":1}'));
});

test('text that is no JSON is named', async () => {
  const {native, client} = setup();
  let message = null;
  await client.subscribe('a', (received) => { message = received; });
  native.subscriptions[0].fn('a', bytes('up'), 1, false);
  assert.throws(
    () => message.json(), {name: 'SyntaxError', code: 'ERR_BAD_JSON', message: /on a: .*found "up"/});
});

test('nothing is delivered after close', async () => {
  const {native, client} = setup();
  let calls = 0;
  const subscription = await client.subscribe('a', () => { calls++; });
  subscription.close();
  subscription.close();
  native.subscriptions[0].fn('a', bytes('x'), 1, false);
  assert.equal([calls, native.subscriptions[0].closed, subscription.closed], [0, true, true]);
});

test('a refused subscription rejects', async () => {
  const {native, client} = setup();
  native.refuse = Object.assign(new Error('not authorised'), {code: 'ERR_REFUSED'});
  await assert.rejects(client.subscribe('a', () => {}), {code: 'ERR_REFUSED'});
  await assert.rejects(client.next('a'), {code: 'ERR_REFUSED'});
  await assert.rejects(client.subscribe('a'), {name: 'TypeError', message: /expected a function/});
});

test('next resolves with the first message that is not retained, and unsubscribes', async () => {
  const {native, client} = setup();
  const waiting = client.next('a', {timeout: 5000});
  await settle();
  native.subscriptions[0].fn('a', bytes('old'), 1, true);
  native.subscriptions[0].fn('a', bytes('new'), 1, false);
  assert.equal((await waiting).text(), 'new');
  await settle();
  assert.equal(native.subscriptions[0].closed, true);
});

test('next takes retained messages on request', async () => {
  const {native, client} = setup();
  const waiting = client.next('a', {retained: true});
  await settle();
  native.subscriptions[0].fn('a', bytes('old'), 1, true);
  assert.equal((await waiting).text(), 'old');
});

test('next times out or aborts, and unsubscribes even when the subscription comes later', async () => {
  const {native, client} = setup();
  await assert.rejects(client.next('a', {timeout: 1}), {code: 'ETIMEDOUT', message: /on a within 1 ms/});
  const controller = new AbortController();
  const waiting = client.next('b', {signal: controller.signal});
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, {message: 'enough'});
  await settle();
  assert.equal(native.subscriptions.map(({closed}) => closed), [true, true]);
});

test('tells online and offline, after the state has changed', () => {
  const {native, states, client} = setup();
  const seen = [];
  client.on('online', () => seen.push(['online', [...states]]));
  client.on('offline', () => seen.push(['offline', [...states]]));
  native.connection(true);
  native.connection(false);
  assert.equal(seen, [['online', [true]], ['offline', [true, false]]]);
});

await run();
