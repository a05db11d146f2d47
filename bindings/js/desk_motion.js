// SPDX-License-Identifier: Apache-2.0
// A desk: what scripts ask of it, what its driver reports, and who is told.
//
// The driver moves the hardware and reports what it sees (see `attach` and deskd.d.ts). What makes moving
// safe whatever the hardware is in desk_move.js; here are the refusals, the hand controller's precedence and
// the clock's ticks. Time comes from the clock option.

import {Experience} from './desk_experience.js';
import {HeightTracker} from './desk_height.js';
import {Mover, rangeProblem, tickMs} from './desk_move.js';
import {deskOptions, requireLimits} from './desk_options.js';
import {HourlyLimit, refusal} from './desk_refusals.js';
import {Emitter} from './emitter.js';
import {checkFunction, codedError} from './errors.js';

const systemClock = {
  now: () => performance.now(),
  setTimeout: (fn, milliseconds) => setTimeout(fn, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
};

export class Desk {
  #driver;
  #options;
  #clock;
  #events = new Emitter('desk', ['change', 'height', 'move', 'keypad', 'preset', 'notice']);
  #height;
  #experience;
  #mover;
  #hourly;
  #tick = null;
  #waitingForRest = [];
  #connected = false;
  #fault = null;
  #locked = false;
  #closed = false;
  #foreign = null;   // direction of motion that nobody here asked for
  #driven = null;    // direction of motion that is the driver's own doing
  #lastMove = null;

  constructor(driver, options) {
    for (const method of ['raise', 'lower', 'stop', 'attach'])
      checkFunction(driver[method], `driver.${method}`);
    this.#driver = driver;
    this.#options = deskOptions(options);
    this.#clock = this.#options.clock || systemClock;
    this.#height = new HeightTracker(this.#options);
    this.#experience = new Experience(this.#options);
    this.#hourly = new HourlyLimit(this.#options.maxMovesPerHour);
    this.#mover = new Mover({
      driver, options: this.#options, clock: this.#clock, height: this.#height, experience: this.#experience,
      tell: {
        changed: () => this.#changed(),
        notice: (text) => this.#events.emit('notice', text),
        preset: (preset) => this.#events.emit('preset', preset),
        ended: (result) => this.#onEnded(result),
      },
    });
    driver.attach({
      height: (mm) => this.#onHeight(mm),
      keypad: (key) => this.#onKeypad(key),
      stopped: () => this.#mover.end('stopped', {commandSent: true}),
      fault: (fault) => this.#onFault(fault),
      connected: (connected) => this.#onConnected(connected),
      limits: (limits) => this.#onLimits(limits),
      moves: (direction) => this.#onMoves(direction),
    });
  }

  get heightMm() { return this.#height.mm; }
  get minMm() { return this.#options.minMm; }
  get maxMm() { return this.#options.maxMm; }
  get minTravelMm() { return this.#options.minTravelMm; }
  get targetMm() { return this.#mover.targetMm; }
  get connected() { return this.#connected; }
  get fault() { return this.#fault; }
  get locked() { return this.#locked; }
  get lastMove() { return this.#lastMove; }
  get goto() { return this.#mover.canGoto ? 'native' : 'step'; }
  get presetHeights() { return new Map(this.#experience.presetHeights); }

  // Whether a move of ours is under way.
  get commanded() { return this.#mover.active; }

  // Whether it moves or is about to, whoever asked for it.
  get moving() { return this.#mover.active || this.#driven !== null || this.#foreign !== null; }

  // 'up', 'down' or null.
  get direction() {
    if (this.#driven !== null) return this.#driven;
    return this.#mover.active ? this.#mover.direction(this.#clock.now()) : this.#foreign;
  }

  // 0 only at the bottom, 100 only at the top; null while the height is unknown.
  get position() {
    const {minMm, maxMm, toleranceMm} = this.#options;
    if (this.heightMm === null) return null;
    if (this.heightMm <= minMm + toleranceMm) return 0;
    if (this.heightMm >= maxMm - toleranceMm) return 100;
    const percent = Math.round((this.heightMm - minMm) * 100 / (maxMm - minMm));
    return Math.min(99, Math.max(1, percent));
  }

  on(name, fn) { return this.#events.on(name, fn); }
  once(name, options) { return this.#events.once(name, options); }

  // Resolves with how the move ended; rejects with a code if it was not begun. A move under way is replaced.
  async moveTo(mm, {signal} = {}) {
    if (typeof mm !== 'number' || Number.isNaN(mm))
      throw new TypeError(`height: expected millimetres, found ${mm}`);
    this.#refuse('moveTo', mm);
    const {heightMm} = this;
    if (heightMm === null)
      throw codedError('ERR_HEIGHT_UNKNOWN', 'height: expected a known height, found none yet');
    const distance = Math.abs(mm - heightMm);
    if (!this.moving && distance <= this.#experience.toleranceMm('goto')) {
      return {reached: true, heightMm, targetMm: mm, reason: 'target'};
    }
    if (!this.moving && distance < this.#options.minTravelMm) {
      throw codedError('ERR_TOO_SHORT',
        `height: expected at least ${this.#options.minTravelMm} mm to move, ` +
          `found ${Math.round(distance)} mm (from ${heightMm} to ${mm})`);
    }
    return this.#begin({kind: 'moveTo', targetMm: mm}, signal);
  }

  // Moves until the limit, stop() or the time is up. Allowed while the height is unknown.
  async up(options) { return this.#run('up', options); }
  async down(options) { return this.#run('down', options); }

  // Lets the controller go to a height that it has stored. The height is learned on arrival.
  async recall(slot, {signal} = {}) {
    if (typeof this.#driver.recall !== 'function') {
      throw codedError('ERR_NOT_SUPPORTED', 'recall: expected a driver with presets, found one without');
    }
    const learnedMm = this.#experience.presetHeights.get(slot);
    this.#refuse('recall', learnedMm);
    return this.#begin({kind: 'recall', slot, targetMm: learnedMm === undefined ? null : learnedMm}, signal);
  }

  // Always accepted, in every state. The hardware has the command when this returns; the promise resolves at
  // rest.
  stop() {
    try {
      this.#driver.stop();
    } finally {
      this.#mover.end('stopped', {commandSent: true});
    }
    return this.#atRest();
  }

  // A locked desk refuses to move, and stops.
  setLocked(locked) {
    if (locked === this.#locked) return;
    this.#locked = Boolean(locked);
    if (this.#locked) this.#mover.end('stopped');
    this.#changed();
  }

  // Stops, and never calls anybody again.
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#driver.stop();
    if (this.#tick !== null) this.#clock.clearTimeout(this.#tick);
    this.#tick = null;
    if (this.#mover.active) this.#mover.finish('stopped');
    this.#releaseWaiting();
    this.#events.close();
  }

  // ---- asking ----

  #refuse(kind, mm) {
    if (this.#closed) throw codedError('ERR_CLOSED', 'desk is closed');
    const now = this.#clock.now();
    const problem = refusal({
      kind, now, connected: this.#connected, fault: this.#fault, locked: this.#locked,
      blockedMs: this.#mover.blockedMs(now), hourly: this.#hourly, guard: this.#options.guard,
    }) || (mm === undefined ? null : rangeProblem(mm, this.#options));
    if (problem) throw problem;
  }

  async #run(kind, {timeoutMs, signal} = {}) {
    this.#refuse(kind);
    const sign = kind === 'up' ? 1 : -1;
    const {minMm, maxMm, toleranceMm} = this.#options;
    const targetMm = kind === 'up' ? maxMm : minMm;
    const {heightMm} = this;
    if (!this.moving && heightMm !== null && (targetMm - heightMm) * sign <= toleranceMm) {
      return {reached: true, heightMm, targetMm, reason: 'limit'};
    }
    return this.#begin({kind, targetMm, sign, timeoutMs}, signal);
  }

  #begin(request, signal) {
    const foreign = this.#foreign !== null;
    const result = this.#mover.begin({...request, foreign}, signal);
    this.#foreign = null;
    this.#hourly.count(this.#clock.now());
    this.#arm();
    return result;
  }

  // ---- watching ----

  #arm() {
    if (this.#tick !== null || this.#closed) return;
    this.#tick = this.#clock.setTimeout(() => {
      this.#tick = null;
      this.#watch();
      const atRest = !this.moving && this.#height.still(this.#clock.now());
      if (!atRest || this.#waitingForRest.length > 0) this.#arm();
    }, tickMs);
  }

  #watch() {
    const now = this.#clock.now();
    if (this.#mover.active) this.#mover.watch(now);
    else this.#watchForeign(now);
    this.#settleWaiting();
  }

  #watchForeign(now) {
    const direction = this.#mover.settling(now) ? null : this.#height.direction(now);
    if (direction !== null) this.#mover.block(now);
    if (this.#height.still(now)) this.#height.rest();
    if (direction === this.#foreign) return;
    this.#foreign = direction;
    if (direction !== null) {
      this.#mover.noteDirection(direction);
      this.#events.emit('keypad', direction);
    }
    this.#changed();
  }

  // ---- the driver's reports ----

  #onHeight(mm) {
    if (this.#closed) return;
    const now = this.#clock.now();
    const before = this.heightMm;
    if (!this.#height.report(mm, now)) return;
    if (this.heightMm !== before) this.#events.emit('height', this.heightMm);
    this.#watch();
    if (!this.#height.still(now)) this.#arm();
    if (before === null) this.#changed();
  }

  #onKeypad(key) {
    if (this.#closed) return;
    this.#mover.override(this.#clock.now());
    this.#events.emit('keypad', key);
  }

  #onFault(fault) {
    if (this.#closed || sameFault(fault, this.#fault)) return;
    const begins = fault !== null && (this.#fault === null || fault.code !== this.#fault.code);
    this.#fault = fault === null ? null : Object.freeze({...fault});
    if (begins) this.#mover.end('fault');
    this.#changed();
  }

  #onConnected(connected) {
    if (this.#closed || connected === this.#connected) return;
    this.#connected = connected;
    if (!connected) {
      this.#height.forget();
      this.#foreign = null;
      this.#mover.lose();
    }
    this.#changed();
  }

  #onLimits({minMm, maxMm}) {
    if (this.#closed) return;
    requireLimits(minMm, maxMm);
    if (minMm === this.#options.minMm && maxMm === this.#options.maxMm) return;
    this.#options.minMm = minMm;
    this.#options.maxMm = maxMm;
    this.#changed();
  }

  // What the driver does by itself is no hand's doing, and no stop that has had no effect.
  #onMoves(direction) {
    if (this.#closed || direction === this.#driven) return;
    if (direction !== null) this.#mover.noteDirection(direction);
    this.#driven = direction;
    this.#foreign = null;
    this.#mover.leave(direction !== null, this.#clock.now());
    this.#arm();
    this.#changed();
  }

  // ---- telling ----

  #changed() { this.#events.emit('change'); }

  #onEnded(result) {
    this.#lastMove = result;
    this.#events.emit('move', result);
    this.#settleWaiting();
  }

  #atRest() {
    if (!this.moving && this.#height.still(this.#clock.now())) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waitingForRest.push({resolve, until: this.#clock.now() + this.#options.settleMs});
      this.#arm();
    });
  }

  #settleWaiting() {
    if (this.#waitingForRest.length === 0) return;
    const now = this.#clock.now();
    if (!this.moving && this.#height.still(now)) this.#releaseWaiting();
    else if (now >= this.#waitingForRest[0].until) this.#releaseWaiting();
  }

  #releaseWaiting() {
    for (const {resolve} of this.#waitingForRest.splice(0)) resolve();
  }
}

function sameFault(a, b) {
  if (a === null || b === null) return a === b;
  return a.code === b.code && a.text === b.text && a.until === b.until;
}
