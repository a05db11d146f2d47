// SPDX-License-Identifier: Apache-2.0
// Heights from a sensor that measures through the air: the median of the last few, so that a single wrong one
// does not count, and at rest a steady one instead of noise. Pure.

const window = 5;
const noiseMm = 3;  // less than this at rest is no motion

export class HeightFilter {
  /** @type {number[]} */
  #last = [];
  /** @type {number | null} */
  #shown = null;

  // A height was measured; `driven`: the motor runs, or may still coast. Returns what to make of it.
  take(mm, driven) {
    this.#last.push(mm);
    if (this.#last.length > window) this.#last.shift();
    const sorted = [...this.#last].sort((a, b) => a - b);
    const median = sorted[(sorted.length - 1) >> 1];
    if (driven || this.#shown === null || Math.abs(median - this.#shown) > noiseMm) this.#shown = median;
    return this.#shown;
  }

  forget() {
    this.#last.length = 0;
    this.#shown = null;
  }
}
