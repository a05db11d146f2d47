// SPDX-License-Identifier: Apache-2.0
// Time that passes only when a test says so.

export class FakeClock {
  #now = 1000000;
  #timers = [];  // {at, fn, id}
  #nextId = 1;

  now = () => this.#now;

  setTimeout = (fn, milliseconds) => {
    const timer = {at: this.#now + milliseconds, fn, id: this.#nextId++};
    this.#timers.push(timer);
    return timer;
  };

  clearTimeout = (timer) => {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  };

  get pending() { return this.#timers.length; }

  // Runs what falls due, in order, with promises settled in between.
  async advance(milliseconds) {
    const end = this.#now + milliseconds;
    for (;;) {
      await settle();
      const [next = null] = [...this.#timers].sort((a, b) => a.at - b.at || a.id - b.id);
      if (next === null || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      this.clearTimeout(next);
      next.fn();
    }
    this.#now = end;
    await settle();
  }

  // Advances until `condition` holds, at most `milliseconds`; returns whether it does.
  async advanceUntil(condition, milliseconds) {
    const end = this.#now + milliseconds;
    while (!condition()) {
      if (this.#now >= end) return false;
      await this.advance(10);
    }
    return true;
  }
}

// Lets promise reactions run, those of reactions too.
export async function settle() {
  for (let i = 0; i < 20; i++) await null;
}
