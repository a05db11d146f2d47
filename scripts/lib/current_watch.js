// SPDX-License-Identifier: Apache-2.0
// What the current of a motor tells while it runs: that something is in its way, or that a limit switch has
// taken the power off. Pure; time is handed in.

export class CurrentWatch {
  #limits;
  #beganAt = Infinity;
  /** @type {number | null} */
  #aboveSince = null;
  /** @type {number | null} */
  #belowSince = null;

  // limitA for limitMs is too much, less than idleA for endMs is none; inrushMs: what the motor draws at its
  // start says nothing.
  constructor({limitA, limitMs, idleA, endMs, inrushMs}) {
    this.#limits = {limitA, limitMs, idleA, endMs, inrushMs};
  }

  begin(now) {
    this.#beganAt = now;
    this.#aboveSince = null;
    this.#belowSince = null;
  }

  // Whether a current is one.
  flows(amps) { return Math.abs(amps) >= this.#limits.idleA; }

  // 'obstacle', 'end' or null.
  sample(amps, now) {
    const {limitA, limitMs, endMs, inrushMs} = this.#limits;
    if (now - this.#beganAt < inrushMs) return null;
    this.#aboveSince = Math.abs(amps) < limitA ? null : this.#aboveSince === null ? now : this.#aboveSince;
    this.#belowSince = this.flows(amps) ? null : this.#belowSince === null ? now : this.#belowSince;
    if (this.#aboveSince !== null && now - this.#aboveSince >= limitMs) return 'obstacle';
    if (this.#belowSince !== null && now - this.#belowSince >= endMs) return 'end';
    return null;
  }
}
