// SPDX-License-Identifier: Apache-2.0
// What scripts hold of output lines. Driving them, and the time of a pulse, are native.

import './dispose.js';
import {codedError, numberOption} from './errors.js';
import {Emitter} from './emitter.js';
import {toLevels} from './gpio_levels.js';

export class Output {
  #names;
  #single;
  #events;
  #native;
  #closed = false;
  #told;  // the levels that listeners know of

  // openNative(changed) takes the lines and returns the native output, or throws. `changed` is called when
  // the levels change by themselves.
  constructor(names, single, openNative) {
    if (typeof openNative !== 'function')
      throw new TypeError('Output: expected output() to make it, found new');
    this.#names = names;
    this.#single = single;
    this.#events = new Emitter(this.#text(), ['change', 'close']);
    this.#native = openNative(() => this.#tell());
    this.#told = this.#native.values;
  }

  // What was driven last, also after close(): a boolean, or an array of them if `lines` were opened.
  get value() { return this.#shown(this.#native.values); }
  get closed() { return this.#closed; }

  // Drives the levels, those of several lines together. Ends a pulse.
  async set(value) {
    const levels = toLevels(value, 'set', this.#names.length, this.#single);
    this.#refuseIfClosed();
    this.#native.set(levels);
    this.#tell();
  }

  // Drives the opposite of the safe levels for `milliseconds`, then those. Resolves with true then, or with
  // false when set() or close() ends it. One at a time: another rejects with ERR_BUSY.
  async pulse(milliseconds) {
    const duration = numberOption(milliseconds, 'pulse', {min: 1, max: 60000});
    if (duration === undefined)
      throw new TypeError('pulse: expected a number from 1 to 60000, found undefined');
    this.#refuseIfClosed();
    const ended = this.#native.pulse(duration);
    this.#tell();
    return ended;
  }

  // 'change' (the value), 'close'. Returns the function that unsubscribes.
  on(name, fn) { return this.#events.on(name, fn); }

  once(name, options) { return this.#events.once(name, options); }

  // Drives the safe levels and gives the lines back. Idempotent. Throws if they could not be driven.
  close() {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#native.close();
    } finally {
      this.#events.emit('close');
      this.#events.close();
    }
  }

  async [Symbol.asyncDispose]() { this.close(); }

  #tell() {
    const levels = this.#native.values;
    const same = levels.every((level, index) => level === this.#told[index]);
    this.#told = levels;
    if (!same && !this.#closed) this.#events.emit('change', this.#shown(levels));
  }

  #shown(levels) { return this.#single ? levels[0] : levels; }

  #text() { return `output ${this.#names.join(', ')}`; }

  #refuseIfClosed() {
    if (this.#closed) throw codedError('ERR_CLOSED', `${this.#text()} is closed`);
  }
}
