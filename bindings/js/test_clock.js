// SPDX-License-Identifier: Apache-2.0
// Time that stands, and passes when a test says so: in place of the timers, Date and performance.now() of the whole
// script, built-in modules included. What native code times goes on in real time.

import {checkFunction, numberOption} from './errors.js';

const real = {
  Date, clearInterval, clearTimeout, performance: globalThis.performance, setInterval, setTimeout,
};
const mostCalls = 100000;  // of one advance(); more is a timer that sets itself again and again
const firstId = 2 ** 30;   // no real timer has it

export class TestClock {
  #now = null;  // milliseconds since it was frozen; null: time is real
  #startMs = 0;
  #timers = new Map();
  #lastId = firstId;

  get frozen() { return this.#now !== null; }

  // Timers that wait for time to pass.
  get pending() { return this.#timers.size; }

  // `now`: what Date.now() returns from here on.
  freeze({now = real.Date.now()} = {}) {
    if (this.frozen) throw new Error('clock.freeze: expected time to be real, found it frozen');
    this.#startMs = numberOption(now instanceof real.Date ? now.getTime() : now, 'now', {min: 0, max: 8.64e15});
    this.#now = 0;
    const startedMs = real.performance.now();
    const start = (fn, milliseconds, repeats, args) => this.#start(fn, milliseconds, repeats, args);
    this.#put({
      setTimeout: (fn, milliseconds, ...args) => start(fn, milliseconds, false, args),
      setInterval: (fn, milliseconds, ...args) => start(fn, milliseconds, true, args),
      clearTimeout: (id) => this.#clear(id),
      clearInterval: (id) => this.#clear(id),
      Date: this.#makeDate(),
      performance: Object.freeze({__proto__: real.performance, now: () => startedMs + this.#now}),
    });
  }

  // Timers that still wait never fire.
  thaw() {
    if (!this.frozen) return;
    this.#now = null;
    this.#timers.clear();
    this.#put(real);
  }

  // Runs what falls due, in order; promises settle in between. Rejects with what a timer's function throws.
  async advance(milliseconds) {
    if (!this.frozen) throw new Error('clock.advance: expected clock.freeze() before it, found real time');
    const end = this.#now + numberOption(milliseconds, 'milliseconds', {min: 0, max: 1e12, fallback: NaN});
    for (let calls = 0; ; calls++) {
      await settle();
      const next = this.#next();
      if (next === null || next.at > end) break;
      if (calls === mostCalls) throw new Error(`clock.advance: more than ${mostCalls} timers within ${milliseconds} ms`);
      this.#now = Math.max(this.#now, next.at);
      if (next.every === null) this.#timers.delete(next.id);
      else next.at += next.every;
      next.fn(...next.args);
    }
    this.#now = end;
    await settle();
  }

  #next() {
    let first = null;
    for (const timer of this.#timers.values())
      if (first === null || timer.at < first.at) first = timer;  // of the same time the one that was set first
    return first;
  }

  #start(fn, milliseconds, repeats, args) {
    checkFunction(fn, repeats ? 'setInterval' : 'setTimeout');
    const wanted = Math.trunc(Number(milliseconds)) || 0;
    const wait = Math.max(wanted, repeats ? 1 : 0);
    const id = ++this.#lastId;
    this.#timers.set(id, {id, fn, args, at: this.#now + wait, every: repeats ? wait : null});
    return id;
  }

  #clear(id) {
    if (!this.#timers.delete(id)) real.clearTimeout(id);  // one that was set while time was real
  }

  #makeDate() {
    const now = () => Math.trunc(this.#startMs + this.#now);
    function FrozenDate(...args) {
      if (new.target === undefined) return new real.Date(now()).toString();
      return Reflect.construct(real.Date, args.length === 0 ? [now()] : args, new.target);
    }
    FrozenDate.prototype = real.Date.prototype;
    FrozenDate.now = now;
    return Object.setPrototypeOf(FrozenDate, real.Date);
  }

  #put(globals) {
    for (const [name, value] of Object.entries(globals))
      Object.defineProperty(globalThis, name, {value, writable: true, configurable: true, enumerable: false});
  }
}

// Lets promises settle, those of what native code has done at once, too.
async function settle() {
  await new Promise((resolve) => { real.setTimeout(resolve, 0); });
  for (let i = 0; i < 20; i++) await null;
}
