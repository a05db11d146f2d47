// SPDX-License-Identifier: Apache-2.0
// Outputs that move something: deskd-guard drives them, and says no.

import * as native from 'native:guard';

// A line by way of the guard: what gpio_output.js drives in place of one of this process's own.
export class MotionLine {
  #handle = null;
  #safe;
  #on = false;
  #endPulse = null;  // resolves the promise of the pulse that runs
  #events;

  // Resolves when the guard holds the line at its safe level. events.changed() is called when the level changes by
  // itself, events.expired(reason) before that: 'lease', 'supervisor', 'maxOn', 'guard', or why it was lost.
  static async open(options, events) {
    const line = new MotionLine();
    line.#safe = options.safe;
    line.#events = events;
    line.#handle = await native.declare(options, (reason) => line.#ended(reason));
    return line;
  }

  get number() { return this.#handle.number; }

  get values() { return [this.#on !== this.#safe]; }

  async set([level]) {
    const on = level !== this.#safe;
    await this.#handle.drive(on, 0);
    this.#on = on;
    this.#finishPulse(false);
  }

  // Resolves when the pulse has begun, with the promise of its end in an array.
  async pulse(milliseconds) {
    await this.#handle.drive(true, Math.round(milliseconds));
    this.#on = true;
    this.#finishPulse(false);
    return [new Promise((resolve) => { this.#endPulse = resolve; })];
  }

  renew() { this.#handle.renew(); }

  close() {
    this.#on = false;
    this.#handle.close();
    this.#finishPulse(false);
  }

  #ended(reason) {
    const was = this.#on;
    this.#on = false;
    this.#finishPulse(reason === 'pulse');
    if (!was) return;
    if (reason !== 'pulse') this.#events.expired(reason);
    this.#events.changed();
  }

  #finishPulse(whole) {
    const resolve = this.#endPulse;
    this.#endPulse = null;
    if (resolve) resolve(whole);
  }
}

// Never two of them on, and none within `deadTimeMs` after another has gone off.
export const lock = (lines, deadTimeMs) => native.interlock(lines.map((line) => line.number), deadTimeMs);
