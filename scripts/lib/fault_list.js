// SPDX-License-Identifier: Apache-2.0
// What is wrong with a device, by name: several things may be at a time, and the worst is told.

export class FaultList {
  #names;
  #clock;
  #tell;
  #faults = new Map();
  #timer = null;

  // names: all there may be, the worst first. tell(fault or null): the worst, whenever it may have changed.
  constructor({names, clock, tell}) {
    this.#names = names;
    this.#clock = clock;
    this.#tell = tell;
  }

  // Of the worst: {code, text, until}; null if there is none.
  get worst() {
    const name = this.#names.find((candidate) => this.#faults.has(candidate));
    return name === undefined ? null : this.#faults.get(name);
  }

  has(name) { return this.#faults.has(name); }

  // Whether there are others than this one.
  hasBeside(name) { return [...this.#faults.keys()].some((other) => other !== name); }

  // Until clear(), or for `forMs`.
  set(name, {code, text, forMs}) {
    const fault = {code, text};
    if (forMs !== undefined) fault.until = this.#clock.now() + forMs;
    this.#faults.set(name, fault);
    this.#changed();
  }

  clear(name) {
    if (this.#faults.delete(name)) this.#changed();
  }

  close() {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#faults.clear();
  }

  #changed() {
    this.#tell(this.worst);
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    const next = Math.min(...Array.from(this.#faults.values(), ({until = Infinity}) => until));
    if (next === Infinity) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#end();
    }, Math.max(0, next - this.#clock.now()));
  }

  #end() {
    const now = this.#clock.now();
    for (const [name, {until = Infinity}] of [...this.#faults]) if (until <= now) this.#faults.delete(name);
    this.#changed();
  }
}
