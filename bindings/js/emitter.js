// SPDX-License-Identifier: Apache-2.0
// Events for the built-in modules: on(), once() and bounded async iteration over a fixed set of names.

import {checkFunction, codedError, describe, fail, numberOption, watchAbort} from './errors.js';

const overflowPolicies = ['drop-oldest', 'latest', 'error'];

export class Emitter {
  #listeners = new Map();  // name -> Set of functions
  #endings = new Set();    // run by close(), for those who wait
  #owner;
  #closed = false;

  // `owner` names the thing in error messages ("serial port /dev/serial0").
  constructor(owner, names) {
    this.#owner = owner;
    for (const name of names) this.#listeners.set(name, new Set());
  }

  // Calls fn for each event from now on; returns the function that unsubscribes.
  on(name, fn) {
    const listeners = this.#of(name);
    checkFunction(fn, `listener of '${name}'`);
    const listener = (...args) => fn(...args);  // the same fn may be subscribed twice
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  }

  // Resolves with the next event's first argument; rejects with ETIMEDOUT, ERR_CLOSED or the signal's reason.
  once(name, {timeout, signal, filter} = {}) {
    return new Promise((resolve, reject) => {
      const listeners = this.#of(name);
      const milliseconds = numberOption(timeout, 'timeout', {min: 0, max: 2147483647});
      this.#refuseIfClosed();
      if (signal && signal.aborted) throw signal.reason;
      let timer;
      const settle = (finish, value) => {
        listeners.delete(listener);
        this.#endings.delete(ending);
        clearTimeout(timer);
        unwatch();
        finish(value);
      };
      const listener = (value) => { if (!filter || filter(value)) settle(resolve, value); };
      const ending = () => settle(reject, this.#closedError());
      const unwatch = watchAbort(signal, (reason) => settle(reject, reason));
      listeners.add(listener);
      this.#endings.add(ending);
      if (milliseconds !== undefined) {
        timer = setTimeout(() => settle(reject, codedError('ETIMEDOUT',
          `${this.#owner}: expected '${name}' within ${milliseconds} ms, found none`)), milliseconds);
      }
    });
  }

  // Async iterator over an event's first argument, collecting from this call on. At most `buffer` values
  // wait; when one more comes, 'drop-oldest' forgets the oldest, 'latest' keeps only the newest, 'error' ends
  // the iteration with ERR_OVERFLOW. `dropped` counts what was forgotten. close() lets the waiting values be
  // read.
  iterate(name, {buffer, overflow = 'drop-oldest'} = {}) {
    const listeners = this.#of(name);
    this.#refuseIfClosed();
    if (!overflowPolicies.includes(overflow)) {
      throw new TypeError(
        `overflow: expected one of ${overflowPolicies.join(', ')}, found ${describe(overflow)}`);
    }
    const limit = overflow === 'latest' ? 1 :
      numberOption(buffer, 'buffer', {min: 1, max: 65536, fallback: 64, integer: true});
    const stream = new Stream(limit, overflow, this.#owner, () => {
      listeners.delete(listener);
      this.#endings.delete(ending);
    });
    const listener = (value) => push(stream, value);
    const ending = () => end(stream);
    listeners.add(listener);
    this.#endings.add(ending);
    return stream;
  }

  emit(name, ...args) {
    for (const listener of [...this.#of(name)]) {
      if (!this.#listeners.get(name).has(listener)) continue;  // unsubscribed by a listener before it
      try {
        listener(...args);
      } catch (error) {
        fail(error);
      }
    }
  }

  // Ends iterations and waits, drops all listeners. Nobody is called afterwards.
  close() {
    if (this.#closed) return;
    this.#closed = true;
    for (const ending of [...this.#endings]) ending();
    for (const listeners of this.#listeners.values()) listeners.clear();
  }

  #of(name) {
    const listeners = this.#listeners.get(name);
    if (listeners) return listeners;
    throw new TypeError(
      `${this.#owner}: expected an event out of ${[...this.#listeners.keys()].join(', ')}, ` +
      `found ${describe(name)}`);
  }

  #refuseIfClosed() {
    if (this.#closed) throw this.#closedError();
  }

  #closedError() {
    return codedError('ERR_CLOSED', `${this.#owner} is closed`);
  }
}

// Of a stream; scripts only read it.
let push;  // one more value
let end;   // no more come; those that wait can be read

class Stream {
  #values = [];
  #readers = [];  // resolvers of next() calls that wait
  #limit;
  #overflow;
  #owner;
  #detach;
  #ended = false;
  #error = null;

  dropped = 0;

  constructor(limit, overflow, owner, detach) {
    this.#limit = limit;
    this.#overflow = overflow;
    this.#owner = owner;
    this.#detach = detach;
  }

  static {
    push = (stream, value) => stream.#push(value);
    end = (stream) => stream.#end();
  }

  #push(value) {
    if (this.#ended) return;
    if (this.#readers.length > 0) {
      this.#readers.shift().resolve({value, done: false});
      return;
    }
    if (this.#values.length >= this.#limit) {
      this.dropped++;
      if (this.#overflow === 'error') {
        this.#error = codedError('ERR_OVERFLOW', `${this.#owner}: expected the reader to keep up, ` +
          `found ${this.#limit} unread values`);
        this.#end();
        return;
      }
      this.#values.shift();
    }
    this.#values.push(value);
  }

  #end() {
    if (this.#ended) return;
    this.#ended = true;
    this.#detach();
    for (const reader of this.#readers.splice(0)) this.#finish(reader);
  }

  next() {
    return new Promise((resolve, reject) => {
      if (this.#values.length > 0) resolve({value: this.#values.shift(), done: false});
      else if (this.#ended) this.#finish({resolve, reject});
      else this.#readers.push({resolve, reject});
    });
  }

  return(value) {
    this.#values.length = 0;
    this.#error = null;
    this.#end();
    return Promise.resolve({value, done: true});
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  #finish({resolve, reject}) {
    const error = this.#error;
    this.#error = null;
    if (error) reject(error);
    else resolve({value: undefined, done: true});
  }
}
