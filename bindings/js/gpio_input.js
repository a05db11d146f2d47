// SPDX-License-Identifier: Apache-2.0
// What scripts hold of an input line. Edges and debouncing are native; here are the events and the bounded
// streams.

import './dispose.js';
import {codedError, fail} from './errors.js';
import {Emitter} from './emitter.js';

// A listener that no edge could ever reach is a mistake, so these are the events that there are.
const eventsOf = {
  both: ['rising', 'falling', 'change', 'close'],
  rising: ['rising', 'change', 'close'],
  falling: ['falling', 'change', 'close'],
  none: ['close'],
};

export class Input {
  #name;
  #events;
  #native;
  #closed = false;
  #lastLost = 0;

  // openNative(callbacks) takes the line and returns the native input, or throws.
  constructor(name, edge, openNative) {
    if (typeof openNative !== 'function')
      throw new TypeError('Input: expected input() to make it, found new');
    this.#name = name;
    this.#native = openNative({
      event: (rising, timestampMs, sequence) => this.#onEvent(rising, timestampMs, sequence),
      failed: (error) => this.#onFailure(error),
    });
    this.#events = new Emitter(this.#text(), eventsOf[edge]);
  }

  // The level now: as read, or with a debounce the one that counts.
  get value() {
    if (this.#closed) throw codedError('ERR_CLOSED', `${this.#text()} is closed`);
    return this.#native.value;
  }

  get closed() { return this.#closed; }

  // Edges that the kernel had to forget because the script was busy. Always 0 with libgpiod 1.
  get lost() { return this.#closed ? this.#lastLost : this.#native.lost; }

  // 'rising', 'falling', 'change' (either), with an event {value, rising, timestampMs, sequence}; 'close'.
  // Returns the function that unsubscribes.
  on(name, fn) { return this.#events.on(name, fn); }

  once(name, options) { return this.#events.once(name, options); }

  // Async iterator over the edges from now on, with a bounded buffer; ends when the input closes.
  events(options) { return this.#events.iterate('change', options); }

  // Idempotent. 'close' listeners are called before it returns, nobody afterwards.
  close() {
    if (this.#closed) return;
    this.#lastLost = this.#native.lost;
    this.#closed = true;
    this.#native.close();
    this.#events.emit('close');
    this.#events.close();
  }

  async [Symbol.asyncDispose]() { this.close(); }

  #onEvent(rising, timestampMs, sequence) {
    if (this.#closed) return;
    const event = {value: rising, rising, timestampMs, sequence};
    this.#events.emit(rising ? 'rising' : 'falling', event);
    if (!this.#closed) this.#events.emit('change', event);
  }

  // The line has gone, with its chip: the script cannot go on as if nothing happened.
  #onFailure(error) {
    this.close();
    fail(error);
  }

  #text() { return `input ${this.#name}`; }
}
