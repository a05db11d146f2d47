// SPDX-License-Identifier: Apache-2.0
// Timers by name. Time comes from a clock that a test may hand in: {now(), setTimeout(fn, milliseconds),
// clearTimeout(timer)}.

export const systemClock = Object.freeze({
  now: () => performance.now(),
  setTimeout: (fn, milliseconds) => setTimeout(fn, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
});

export class Timers {
  #clock;
  #running = new Map();

  constructor(clock) { this.#clock = clock; }

  // Each name is one timer: setting it again replaces it.
  after(name, milliseconds, fn) {
    this.cancel(name);
    const timer = this.#clock.setTimeout(() => {
      this.#running.delete(name);
      fn();
    }, milliseconds);
    this.#running.set(name, timer);
  }

  has(name) { return this.#running.has(name); }

  cancel(name) {
    if (this.#running.has(name)) this.#clock.clearTimeout(this.#running.get(name));
    this.#running.delete(name);
  }

  cancelAll() {
    for (const name of [...this.#running.keys()]) this.cancel(name);
  }
}
