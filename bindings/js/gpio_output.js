// SPDX-License-Identifier: Apache-2.0
// What scripts hold of output lines. Driving them, and the time of a pulse, are native: in this process, or for what
// moves in deskd-guard.

import './dispose.js';
import {codedError, numberOption} from './errors.js';
import {Emitter} from './emitter.js';
import {toLevels} from './gpio_levels.js';
import {MotionLine} from './gpio_motion.js';

// Lines of this process's own, in the form of MotionLine.
class PlainLines {
  #native;

  constructor(openNative, events) { this.#native = openNative(() => events.changed()); }
  get values() { return this.#native.values; }
  async set(levels) { this.#native.set(levels); }
  async pulse(milliseconds) { return [this.#native.pulse(milliseconds)]; }
  renew() {}
  close() { this.#native.close(); }
}

// For interlock(): the line of an Output, held by the guard from now on.
export let guardedLine;

export class Output {
  #names;
  #single;
  #motion;  // options with which the guard would hold the line; null for several lines
  #events;
  #lines = null;
  #guarded = false;
  #closed = false;
  #told;  // the levels that listeners know of

  // `made` is from plainOutput() or motionOutput() below: scripts cannot make one.
  constructor(made) {
    if (!(made instanceof Made)) throw new TypeError('Output: expected output() to make it, found new');
    this.#names = made.names;
    this.#single = made.single;
    this.#motion = made.motion;
    this.#events = new Emitter(this.#text(), ['change', 'expired', 'close']);
    made.output = this;
    made.attach = (lines, guarded) => {
      this.#lines = lines;
      this.#guarded = guarded;
      this.#told = lines.values;
    };
    made.events = {changed: () => this.#tell(), expired: (reason) => this.#expired(reason)};
  }

  // What was driven last, also after close(): a boolean, or an array of them if `lines` were opened.
  get value() { return this.#shown(this.#lines.values); }
  get closed() { return this.#closed; }

  // Drives the levels, those of several lines together, and renews a lease. Ends a pulse. Rejects where an interlock, a
  // dead time or a rest does not allow it: ERR_INTERLOCK, ERR_DEAD_TIME, ERR_RESTING.
  async set(value) {
    const levels = toLevels(value, 'set', this.#names.length, this.#single);
    this.#refuseIfClosed();
    await this.#lines.set(levels);
    this.#tell();
  }

  // Drives the opposite of the safe levels for `milliseconds`, then those. Resolves with true then, or with
  // false when set() or close() ends it. One at a time: another rejects with ERR_BUSY.
  async pulse(milliseconds) {
    const duration = numberOption(milliseconds, 'pulse', {min: 1, max: 60000});
    if (duration === undefined)
      throw new TypeError('pulse: expected a number from 1 to 60000, found undefined');
    this.#refuseIfClosed();
    const [ended] = await this.#lines.pulse(duration);
    this.#tell();
    return ended;
  }

  // What has a lease stays on for that long, counted from now. For plain outputs there is nothing to renew.
  renew() {
    this.#refuseIfClosed();
    this.#lines.renew();
  }

  // 'change' (the value), 'expired' ({reason}: deskd-guard has driven it safe), 'close'. Returns the function that
  // unsubscribes.
  on(name, fn) { return this.#events.on(name, fn); }

  once(name, options) { return this.#events.once(name, options); }

  // Drives the safe levels and gives the lines back. Idempotent. Throws if they could not be driven.
  close() {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#lines.close();
    } finally {
      this.#events.emit('close');
      this.#events.close();
    }
  }

  async [Symbol.asyncDispose]() { this.close(); }

  static {
    guardedLine = (output) => output.#guard();
  }

  async #guard() {
    if (!this.#motion) {
      throw new TypeError(
        `${this.#text()}: expected an output of one line in an interlock, found ${this.#names.length}`);
    }
    this.#refuseIfClosed();
    if (!this.#guarded) {
      const events = {changed: () => this.#tell(), expired: (reason) => this.#expired(reason)};
      this.#lines.close();  // safe, and free for the guard
      this.#lines = await MotionLine.open(this.#motion, events);
      this.#guarded = true;
      this.#tell();
    }
    return this.#lines;
  }

  #expired(reason) {
    if (!this.#closed) this.#events.emit('expired', {reason});
  }

  #tell() {
    const levels = this.#lines.values;
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

// What an Output is made from.
class Made {
  constructor(names, single, motion) {
    this.names = names;
    this.single = single;
    this.motion = motion;
  }
}

// openNative(changed) takes the lines and returns the native output, or throws. `motion`: see Output.
export function plainOutput(names, single, motion, openNative) {
  const made = new Made(names, single, motion);
  const output = new Output(made);
  made.attach(new PlainLines(openNative, made.events), false);
  return output;
}

export async function motionOutput(name, motion) {
  const made = new Made([name], true, motion);
  const output = new Output(made);
  made.attach(await MotionLine.open(motion, made.events), true);
  return output;
}
