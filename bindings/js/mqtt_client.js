// SPDX-License-Identifier: Apache-2.0
// The script's share of the daemon's MQTT connection. The daemon connects, subscribes again after a reconnect
// and decides what may be published; here are messages as scripts see them.

import './dispose.js';
import {checkFunction, codedError, describe, numberOption, watchAbort} from './errors.js';
import {Emitter} from './emitter.js';

class Message {
  constructor(topic, payload, qos, retained) {
    this.topic = topic;
    this.payload = payload;
    this.qos = qos;
    this.retained = retained;
  }

  // Bytes that are not UTF-8 become U+FFFD.
  text() { return new TextDecoder().decode(this.payload); }

  json() {
    try {
      return JSON.parse(this.text());
    } catch (error) {
      const found = `${describe(this.text())} (${error.message})`;
      throw codedError('ERR_BAD_JSON', `message on ${this.topic}: expected JSON, found ${found}`,
        SyntaxError);
    }
  }
}

// Gives a subscription the native one, once the broker has accepted it.
let attach;

class Subscription {
  #native = null;
  #closed = false;

  constructor(filter) { this.filter = filter; }

  get closed() { return this.#closed; }

  static {
    attach = (subscription, native) => {
      subscription.#native = native;
      if (subscription.#closed) native.close();
    };
  }

  // Idempotent; no message is delivered after it.
  close() {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#native) this.#native.close();
  }

  async [Symbol.asyncDispose]() { this.close(); }
}

function toPayload(payload) {
  if (typeof payload === 'string' || payload instanceof Uint8Array) return payload;
  if (ArrayBuffer.isView(payload))
    return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  if (typeof payload === 'number' || typeof payload === 'boolean') return String(payload);
  const text = typeof payload === 'object' && payload !== null ? JSON.stringify(payload) : undefined;
  if (text === undefined) {
    throw new TypeError('payload: expected a string, bytes, a number, a boolean or an object for JSON, ' +
      `found ${describe(payload)}`);
  }
  return text;
}

const qosRange = {min: 0, max: 2, fallback: 1, integer: true};

export class MqttClient {
  #native;
  #events = new Emitter('mqtt', ['online', 'offline']);

  // onConnection is called before the listeners with each change.
  constructor(native, onConnection) {
    this.#native = native;
    native.onConnection((connected) => {
      onConnection(connected);
      this.#events.emit(connected ? 'online' : 'offline');
    });
  }

  on(name, fn) { return this.#events.on(name, fn); }
  once(name, options) { return this.#events.once(name, options); }

  async publish(topic, payload, {qos, retain = false} = {}) {
    const bytes = toPayload(payload);
    await this.#native.publish(topic, bytes, numberOption(qos, 'qos', qosRange), Boolean(retain));
  }

  async subscribe(filter, fn, {qos} = {}) {
    checkFunction(fn, `subscriber of ${describe(filter)}`);
    const subscription = new Subscription(filter);
    const deliver = (...message) => {
      if (!subscription.closed) return fn(new Message(...message));
      return undefined;
    };
    attach(subscription, await this.#native.subscribe(filter, numberOption(qos, 'qos', qosRange), deliver));
    return subscription;
  }

  // Resolves with the next message that is not retained; {retained: true} takes those too.
  async next(filter, {timeout, signal, qos, retained = false} = {}) {
    const milliseconds = numberOption(timeout, 'timeout', {min: 0, max: 2147483647});
    if (signal && signal.aborted) throw signal.reason;
    let timer;
    let unwatch = () => {};
    let opening;
    try {
      return await new Promise((resolve, reject) => {
        unwatch = watchAbort(signal, reject);
        if (milliseconds !== undefined) {
          timer = setTimeout(() => reject(codedError('ETIMEDOUT',
            `mqtt: expected a message on ${filter} within ${milliseconds} ms, found none`)), milliseconds);
        }
        const take = (message) => { if (retained || !message.retained) resolve(message); };
        opening = this.subscribe(filter, take, {qos});
        opening.catch(reject);
      });
    } finally {
      clearTimeout(timer);
      unwatch();
      if (opening) opening.then((subscription) => subscription.close(), () => {});
    }
  }
}
