// SPDX-License-Identifier: Apache-2.0
// What scripts hold of a recording: changes of levels as events and as a bounded stream.

import './dispose.js';
import {Emitter} from './emitter.js';
import {decodeWord} from './sim_words.js';

export class SimRecording {
  #events = new Emitter('recording', ['change', 'lost', 'close']);
  #native;
  #closed = false;

  // start(line, gone) begins to record, calls line(text) for each line of it, and returns the native end.
  constructor(start) {
    if (typeof start !== 'function')
      throw new TypeError('SimRecording: expected record() to make it, found new');
    this.#native = start((line) => this.#onLine(line), () => this.close());
  }

  get closed() { return this.#closed; }

  // 'change' ({timestampMs, line, level}), 'lost' (how many changes were dropped, because they were not taken
  // in time), 'close'. Returns the function that unsubscribes.
  on(name, fn) { return this.#events.on(name, fn); }

  once(name, options) { return this.#events.once(name, options); }

  // Async iterator over changes from now on, with a bounded buffer; ends when the recording is closed.
  changes(options) { return this.#events.iterate('change', options); }

  // Idempotent. 'close' listeners are called before it returns, nobody afterwards.
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.close();
    this.#events.emit('close');
    this.#events.close();
  }

  async [Symbol.asyncDispose]() { this.close(); }

  // "NANOSECONDS LINE LEVEL" or "NANOSECONDS lost COUNT"
  #onLine(text) {
    if (this.#closed) return;
    const [nanoseconds, line, value] = text.split(' ');
    if (line === 'lost') {
      this.#events.emit('lost', Number(value));
      return;
    }
    const change = {timestampMs: Number(nanoseconds) / 1e6, line: decodeWord(line), level: value === '1'};
    this.#events.emit('change', Object.freeze(change));
  }
}
