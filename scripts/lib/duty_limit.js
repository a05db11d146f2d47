// SPDX-License-Identifier: Apache-2.0
// Motors that may run two minutes and then rest for eighteen: how much of that is used up. Pure; time is
// handed in.

export class DutyLimit {
  #onMs;
  #offMs;
  #usedMs = 0;
  #at = -Infinity;

  // onMs: longest run, 0 for no limit. offMs: the rest that makes up for it.
  constructor({onMs, offMs}) {
    this.#onMs = onMs;
    this.#offMs = offMs;
  }

  // The motors have run for the last `milliseconds`.
  ran(milliseconds, now) {
    this.#recover(now - milliseconds);
    this.#usedMs += milliseconds;
    this.#at = now;
  }

  get exhausted() { return this.#onMs > 0 && this.#usedMs >= this.#onMs; }

  // Rest until everything is made up for.
  restMs(now) {
    this.#recover(now);
    return this.#onMs > 0 ? this.#usedMs * this.#offMs / this.#onMs : 0;
  }

  #recover(now) {
    const restedMs = Math.max(0, now - this.#at);
    if (this.#usedMs > 0 && this.#offMs > 0)
      this.#usedMs = Math.max(0, this.#usedMs - restedMs * this.#onMs / this.#offMs);
    this.#at = Math.max(now, this.#at);
  }
}
