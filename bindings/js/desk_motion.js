// SPDX-License-Identifier: Apache-2.0
// A desk: one move at a time, watched from its first millimetre to rest.
//
// The driver moves the hardware and reports what it sees (see `attach` and deskd.d.ts); here is everything that
// makes moving safe whatever the hardware: limits, stop before reversing, giving up when nothing moves or no
// height comes, the hand controller's precedence, one correction at most. Time comes from the clock option.

import {HeightTracker} from './desk_height.js';
import {deskOptions, requireLimits} from './desk_options.js';
import {HourlyLimit, refusal} from './desk_refusals.js';
import {Emitter} from './emitter.js';
import {checkFunction, codedError, fail, watchAbort} from './errors.js';

const tickMs = 100;         // how often a move is looked at between height reports
const haltPauseMs = 100;    // between a stop and the next command, at least
const repeatStopMs = 300;   // a stop that shows no effect is sent again after this
const nearMm = 15;          // ending this near to its target, a move has gone where it was meant to
const nudgeMm = 25;         // a controller's goto that ends after less than this was a nudge
const brakeMm = 30;         // a target closer ahead than this cannot be met without turning back
const turnedMm = 8;         // travel against the move that is more than a controller's fine adjustment
const startedMm = 4;        // travel that shows that a command has had its effect
const finishedReasons = ['target', 'limit'];

const systemClock = {
  now: () => performance.now(),
  setTimeout: (fn, milliseconds) => setTimeout(fn, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
};

const directionOf = (sign) => (sign > 0 ? 'up' : sign < 0 ? 'down' : null);

export class Desk {
  #driver;
  #options;
  #clock;
  #events = new Emitter('desk', ['change', 'height', 'move', 'keypad', 'preset', 'notice']);
  #height;
  #move = null;
  #tick = null;
  #brakeTimer = null;
  #waitingForRest = [];
  #connected = false;
  #fault = null;
  #locked = false;
  #closed = false;
  #lastSign = 0;                 // direction of the last command
  #foreign = null;               // direction of motion that nobody here asked for
  #blockedUntil = -Infinity;     // by the hand controller
  #commandedUntil = -Infinity;   // motion before this is the end of our own move
  #gotoWorks = true;
  #nudges = 0;
  #coastMm;                      // learned: {up, down}
  #learnedToleranceMm = 0;
  #hourly;
  #presetHeights = new Map();    // slot -> mm, learned by observing
  #lastMove = null;

  constructor(driver, options) {
    for (const method of ['raise', 'lower', 'stop', 'attach']) checkFunction(driver[method], `driver.${method}`);
    this.#driver = driver;
    this.#options = deskOptions(options);
    this.#clock = this.#options.clock || systemClock;
    this.#height = new HeightTracker(this.#options.restMs);
    this.#coastMm = {up: this.#options.coastMm, down: this.#options.coastMm};
    this.#hourly = new HourlyLimit(this.#options.maxMovesPerHour);
    driver.attach({
      height: (mm) => this.#onHeight(mm),
      keypad: (key) => this.#onKeypad(key),
      fault: (fault) => this.#onFault(fault),
      connected: (connected) => this.#onConnected(connected),
      limits: (limits) => this.#onLimits(limits),
    });
  }

  get heightMm() { return this.#height.mm; }
  get minMm() { return this.#options.minMm; }
  get minTravelMm() { return this.#options.minTravelMm; }
  get maxMm() { return this.#options.maxMm; }
  get targetMm() { return this.#move && this.#move.phase !== 'stopping' ? this.#move.targetMm : null; }
  get connected() { return this.#connected; }
  get fault() { return this.#fault; }
  get locked() { return this.#locked; }
  get lastMove() { return this.#lastMove; }
  get goto() { return this.#canGoto() ? 'native' : 'step'; }
  get presetHeights() { return new Map(this.#presetHeights); }

  // Whether a move of ours is under way.
  get commanded() { return this.#move !== null; }

  // Whether it moves or is about to, whoever asked for it.
  get moving() { return this.#move !== null || this.#foreign !== null; }

  // 'up', 'down' or null.
  get direction() {
    if (this.#move === null) return this.#foreign;
    if (this.#move.phase === 'halting' || this.#move.phase === 'stopping') {
      return this.#height.direction(this.#clock.now()) || directionOf(this.#move.sign);
    }
    return directionOf(this.#move.sign);
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
    if (typeof mm !== 'number' || Number.isNaN(mm)) throw new TypeError(`height: expected millimetres, found ${mm}`);
    this.#refuse('moveTo');
    const {minMm, maxMm, minTravelMm} = this.#options;
    if (this.heightMm === null) throw codedError('ERR_HEIGHT_UNKNOWN', 'height: expected a known height, found none yet');
    if (mm < minMm || mm > maxMm) {
      throw codedError('ERR_OUT_OF_RANGE', `height: expected ${minMm} to ${maxMm} mm, found ${mm}`, RangeError);
    }
    const distance = Math.abs(mm - this.heightMm);
    if (!this.moving && distance <= this.#toleranceMm('goto')) {
      return {reached: true, heightMm: this.heightMm, targetMm: mm, reason: 'target'};
    }
    if (!this.moving && distance < minTravelMm) {
      throw codedError('ERR_TOO_SHORT', `height: expected at least ${minTravelMm} mm to move, ` +
        `found ${Math.round(distance)} mm (from ${this.heightMm} to ${mm})`);
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
    this.#refuse('recall');
    const targetMm = this.#presetHeights.has(slot) ? this.#presetHeights.get(slot) : null;
    return this.#begin({kind: 'recall', slot, targetMm}, signal);
  }

  // Always accepted, in every state. The hardware has the command when this returns; the promise resolves at rest.
  stop() {
    try {
      this.#driver.stop();
    } finally {
      this.#endMove('stopped', {commandSent: true});
    }
    return this.#atRest();
  }

  // A locked desk refuses to move, and stops.
  setLocked(locked) {
    if (locked === this.#locked) return;
    this.#locked = Boolean(locked);
    if (this.#locked) this.#endMove('stopped');
    this.#changed();
  }

  // Stops, and never calls anybody again.
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#driver.stop();
    this.#cancelTimers();
    if (this.#move) this.#finish('stopped');
    this.#releaseWaiting();
    this.#events.close();
  }

  // ---- asking ----

  #refuse(kind) {
    if (this.#closed) throw codedError('ERR_CLOSED', 'desk is closed');
    const now = this.#clock.now();
    const problem = refusal({
      kind, now, connected: this.#connected, fault: this.#fault, locked: this.#locked,
      blockedMs: this.#blockedUntil - now, hourly: this.#hourly, guard: this.#options.guard,
    });
    if (problem) throw problem;
  }

  async #run(kind, {timeoutMs, signal} = {}) {
    this.#refuse(kind);
    const up = kind === 'up';
    const {minMm, maxMm, toleranceMm} = this.#options;
    const limitMm = up ? maxMm : minMm;
    const toGo = this.heightMm === null ? Infinity : (limitMm - this.heightMm) * (up ? 1 : -1);
    if (!this.moving && toGo <= toleranceMm) {
      return {reached: true, heightMm: this.heightMm, targetMm: limitMm, reason: 'limit'};
    }
    return this.#begin({kind, targetMm: limitMm, sign: up ? 1 : -1, timeoutMs}, signal);
  }

  #begin({kind, targetMm, sign, slot, timeoutMs}, signal) {
    if (signal && signal.aborted) throw signal.reason;
    const unwatch = watchAbort(signal, () => { if (this.#move !== null && this.#move.unwatch === unwatch) this.stop(); });
    const now = this.#clock.now();
    const towards = sign || (targetMm === null || this.heightMm === null ? 0 : Math.sign(targetMm - this.heightMm));
    const method = kind === 'recall' ? 'recall' : kind === 'moveTo' && this.#canGoto() ? 'goto' : 'step';
    const before = this.#replaceMove();
    this.#hourly.count(now);
    const move = {
      kind, targetMm, slot, method, sign: towards, timeoutMs, phase: 'halting', reason: null, corrected: false,
      replaces: before !== null, begunAt: now, deadline: Infinity, issuedAt: 0, startMm: this.heightMm,
      farthestMm: null, stoppedAt: -Infinity, stops: 0, needsRest: false, stoppedMm: null, resolve: null, unwatch,
    };
    const result = new Promise((resolve) => { move.resolve = resolve; });
    this.#move = move;
    move.deadline = now + this.#allowedMs(move);
    this.#approach(before, now);
    this.#arm();
    this.#changed();
    if (before !== null) this.#events.emit('move', before.result);
    return result;
  }

  // Takes the current move's place; returns what the desk was doing for it, or null.
  #replaceMove() {
    this.#cancelBrake();
    if (this.#move === null) return null;
    const {phase, sign, method} = this.#move;
    const result = this.#finish(phase === 'stopping' ? this.#move.reason : 'stopped', {quiet: true});
    return {phase, sign, method, result};
  }

  // Issues the command at once where that is safe; else stops first and waits for rest.
  #approach(before, now) {
    const move = this.#move;
    const moves = before !== null || this.#foreign !== null || !this.#height.still(now);
    const ahead = move.targetMm === null || this.heightMm === null ? Infinity :
      (move.targetMm - this.heightMm) * move.sign;
    const goesOn = before !== null && before.phase !== 'halting' && before.phase !== 'stopping' &&
      before.sign === move.sign && before.method === move.method && move.method === 'goto' && ahead >= brakeMm;
    if (goesOn || (!moves && (this.#lastSign === 0 || this.#lastSign === move.sign))) this.#issue(now);
    else this.#halt(now, moves);
  }

  #allowedMs({kind, targetMm, timeoutMs}) {
    const {speedMmPerS, marginMs, maxMoveMs, minMm, maxMm} = this.#options;
    const known = targetMm !== null && this.heightMm !== null;
    const distance = known ? Math.abs(targetMm - this.heightMm) : maxMm - minMm;
    const allowed = Math.min(maxMoveMs, 1500 * distance / speedMmPerS + marginMs);
    const own = kind === 'up' || kind === 'down' ? timeoutMs : undefined;
    return own === undefined ? allowed : Math.min(own, allowed);
  }

  #canGoto() { return this.#gotoWorks && typeof this.#driver.goto === 'function'; }

  #toleranceMm(method) {
    const {toleranceMm, stepToleranceMm} = this.#options;
    return Math.max(method === 'step' ? stepToleranceMm : toleranceMm, this.#learnedToleranceMm);
  }

  // ---- commanding ----

  #halt(now, needsRest) {
    const move = this.#move;
    move.phase = 'halting';
    move.stoppedAt = now;
    move.needsRest = needsRest;
    this.#cancelBrake();
    this.#driver.stop();
  }

  #issue(now) {
    const move = this.#move;
    if (move.targetMm !== null && this.heightMm !== null && move.kind === 'moveTo') {
      move.sign = Math.sign(move.targetMm - this.heightMm);
      const distance = Math.abs(move.targetMm - this.heightMm);
      const there = distance <= this.#toleranceMm(move.method);
      if (there || (move.replaces && distance < this.#options.minTravelMm)) {
        this.#finish('target');
        return;
      }
    }
    move.phase = 'starting';
    move.issuedAt = now;
    move.startMm = this.heightMm;
    this.#lastSign = move.sign;
    this.#height.rest();
    this.#foreign = null;
    try {
      if (move.method === 'goto') this.#driver.goto(move.targetMm);
      else if (move.method === 'recall') this.#driver.recall(move.slot);
      else if (move.sign > 0) this.#driver.raise();
      else this.#driver.lower();
    } catch (error) {
      this.#endMove('fault');
      fail(error);
    }
  }

  // Stops and lets the move end with `reason` once the desk is at rest.
  #endMove(reason, {commandSent = false} = {}) {
    const move = this.#move;
    this.#cancelBrake();
    if (move === null || move.phase === 'stopping') return;
    if (!commandSent) this.#driver.stop();
    const now = this.#clock.now();
    move.reason = reason;
    move.stoppedAt = now;
    move.stoppedMm = this.heightMm === null ? null : this.#height.estimate(now);
    // Nothing was under way yet, so there is nothing to wait for.
    if (move.phase === 'halting' && this.#height.still(now)) {
      this.#finish(reason);
      return;
    }
    move.phase = 'stopping';
    this.#changed();
  }

  // `quiet`: another move takes its place, so nobody must see the desk at rest in between.
  #finish(reason, {quiet = false} = {}) {
    const move = this.#move;
    this.#move = null;
    this.#cancelBrake();
    move.unwatch();
    const now = this.#clock.now();
    this.#commandedUntil = now + (this.#height.still(now) ? 0 : this.#options.restMs);
    const gap = move.targetMm === null || this.heightMm === null ? null : Math.abs(move.targetMm - this.heightMm);
    const near = gap === null || gap <= this.#toleranceMm(move.method);
    const result = {
      reached: finishedReasons.includes(reason) && near,
      heightMm: this.heightMm, targetMm: move.targetMm, reason,
    };
    this.#learn(move, reason, gap);
    if (this.#height.still(now)) this.#height.rest();
    this.#lastMove = result;
    move.resolve(result);
    if (quiet) return result;
    this.#changed();
    this.#events.emit('move', result);
    this.#settleWaiting();
    return result;
  }

  #learn(move, reason, gap) {
    if (move.method === 'goto' && reason === 'target') {
      this.#nudges = 0;
      // A controller that always ends a few millimetres off is as good as it gets.
      if (gap !== null && gap > this.#options.toleranceMm) this.#learnedToleranceMm = Math.min(10, Math.ceil(gap) + 1);
    }
    if (move.method === 'recall' && reason === 'target' && this.heightMm !== null) {
      this.#presetHeights.set(move.slot, this.heightMm);
      this.#events.emit('preset', {slot: move.slot, heightMm: this.heightMm});
    }
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
    if (this.#move !== null) this.#watchMove(this.#move, now);
    else this.#watchForeign(now);
    this.#settleWaiting();
  }

  #watchMove(move, now) {
    switch (move.phase) {
      case 'halting': return this.#watchHalting(move, now);
      case 'starting': return this.#watchStarting(move, now);
      case 'running': return this.#watchRunning(move, now);
      default: return this.#watchStopping(move, now);
    }
  }

  #watchHalting(move, now) {
    const waitedMs = now - move.stoppedAt;
    const needMs = move.needsRest ? this.#options.restMs : haltPauseMs;
    if (waitedMs >= needMs && this.#height.still(now)) this.#issue(now);
    // It is not us who moves it.
    else if (waitedMs >= this.#options.settleMs) this.#override(now);
    else this.#repeatStop(move);
  }

  #watchStarting(move, now) {
    const waitedMs = now - move.issuedAt;
    const travelledMm = move.startMm === null || this.heightMm === null ? 0 : this.heightMm - move.startMm;
    if (move.startMm === null && this.heightMm !== null) move.startMm = this.heightMm;
    if (Math.abs(travelledMm) >= startedMm) {
      if (move.sign === 0) move.sign = Math.sign(travelledMm);
      this.#lastSign = Math.sign(travelledMm);
      if (Math.sign(travelledMm) !== move.sign) return this.#override(now);
      move.phase = 'running';
      move.farthestMm = this.heightMm;
      this.#changed();
      return this.#watchRunning(move, now);
    }
    const nearTarget = move.targetMm !== null && this.heightMm !== null &&
      Math.abs(move.targetMm - this.heightMm) <= this.#toleranceMm(move.method);
    if (nearTarget && waitedMs >= this.#options.restMs && move.kind === 'moveTo') return this.#finish('target');
    // Blind stepping is no substitute: only a controller that speaks is raised and lowered instead.
    const silent = this.#driver.answers === false;
    if (move.method === 'goto' && waitedMs >= this.#options.gotoStartMs && !silent) return this.#fallBack(now);
    if (waitedMs < this.#options.startMs && now < move.deadline) return undefined;
    if (move.method === 'recall' && nearTarget) return this.#finish('target');
    return this.#endMove(this.#atLimit(move) ? 'limit' : 'stall');
  }

  // The controller acknowledges goto but does not move: from now on deskd raises and lowers it itself.
  #fallBack(now) {
    const move = this.#move;
    this.#gotoWorks = false;
    move.method = 'step';
    move.deadline = now + this.#allowedMs(move);
    this.#notice('the controller does not move on its own goto command, raising and lowering it instead');
    this.#halt(now, true);
  }

  #watchRunning(move, now) {
    const quietMs = now - Math.max(this.#height.changedAt, move.issuedAt);
    if ((this.heightMm - move.farthestMm) * move.sign > 0) move.farthestMm = this.heightMm;
    // A person, or the controller backing off from an obstacle; going on would be wrong either way.
    if ((move.farthestMm - this.heightMm) * move.sign >= turnedMm) return this.#override(now);
    if (move.method !== 'step') {
      if (this.#height.still(now) && this.#arrived(move, quietMs)) return this.#finish('target');
    } else if (move.targetMm !== null && this.heightMm !== null) {
      this.#brake(move, now);
      if (this.#move !== move || move.phase !== 'running') return undefined;
    }
    if (now >= move.deadline) return this.#endMove('timeout');
    if (quietMs < this.#options.stallMs) return undefined;
    return this.#stalled(move);
  }

  #arrived(move, quietMs) {
    // A preset whose height is not known has arrived when the desk has clearly come to rest.
    if (move.targetMm === null || move.kind === 'recall') return quietMs >= 2 * this.#options.restMs;
    return Math.abs(move.targetMm - this.heightMm) <= this.#toleranceMm(move.method);
  }

  #stalled(move) {
    if (move.kind === 'moveTo' && Math.abs(move.targetMm - this.heightMm) <= nearMm) return this.#endMove('target');
    if (this.#atLimit(move)) return this.#endMove('limit');
    if (move.method === 'goto' && Math.abs(this.heightMm - move.startMm) <= nudgeMm) this.#countNudge();
    return this.#endMove('stall');
  }

  // Constant-touch mode turns goto into a nudge. It looks like a hand on the keypad, so this move is over;
  // only when it has happened twice is the next one stepped.
  #countNudge() {
    this.#nudges++;
    if (this.#nudges < 2) return;
    this.#gotoWorks = false;
    this.#notice('the controller stops soon after each goto command (constant-touch mode? set one-touch on the ' +
      'handset), raising and lowering it instead');
  }

  #atLimit({kind, targetMm}) {
    return (kind === 'up' || kind === 'down') && this.heightMm !== null &&
      Math.abs(targetMm - this.heightMm) <= nearMm;
  }

  // Stops a stepped move so that it coasts to its target; between two readings by the clock.
  #brake(move, now) {
    this.#cancelBrake();
    const toGo = (move.targetMm - this.#height.estimate(now)) * move.sign - this.#coastMm[directionOf(move.sign)];
    if (toGo <= 0) {
      this.#endMove(move.kind === 'moveTo' ? 'target' : 'limit');
      return;
    }
    const speed = this.#height.speedMmPerS * move.sign;
    const inMs = speed > 1 ? toGo * 1000 / speed : Infinity;
    if (inMs >= 5 * tickMs) return;
    this.#brakeTimer = this.#clock.setTimeout(() => {
      this.#brakeTimer = null;
      if (this.#move === move && move.phase === 'running') {
        this.#endMove(move.kind === 'moveTo' ? 'target' : 'limit');
      }
    }, inMs);
  }

  #watchStopping(move, now) {
    const waitedMs = now - move.stoppedAt;
    if (this.#height.still(now) && waitedMs >= this.#options.restMs) return this.#settled(move, now);
    if (waitedMs < this.#options.settleMs) return this.#repeatStop(move);
    return this.#finish(move.reason);
  }

  #settled(move, now) {
    if (move.method === 'step' && move.reason === 'target' && this.heightMm !== null && move.stoppedMm !== null) {
      const direction = directionOf(move.sign);
      const coastedMm = Math.min(50, Math.max(0, (this.heightMm - move.stoppedMm) * move.sign));
      this.#coastMm[direction] = (this.#coastMm[direction] + coastedMm) / 2;
      const off = move.targetMm - this.heightMm;
      if (Math.abs(off) >= Math.max(this.#options.minTravelMm, this.#toleranceMm('step')) && !move.corrected) {
        move.corrected = true;
        move.reason = null;
        move.sign = Math.sign(off);
        return this.#halt(now, false);
      }
    }
    return this.#finish(move.reason);
  }

  #repeatStop(move) {
    const movedForMs = this.#height.changedAt - move.stoppedAt;
    if (move.stops >= 3 || movedForMs < repeatStopMs * (move.stops + 1)) return;
    move.stops++;
    this.#driver.stop();
  }

  // A person has taken over: this move is over, and for a while there is no other.
  #override(now) {
    this.#blockedUntil = now + this.#options.overrideMs;
    if (this.#move.phase === 'halting') this.#finish('override');
    else this.#endMove('override');
  }

  #watchForeign(now) {
    const direction = now < this.#commandedUntil ? null : this.#height.direction(now);
    if (direction !== null) this.#blockedUntil = now + this.#options.overrideMs;
    if (this.#height.still(now)) this.#height.rest();
    if (direction === this.#foreign) return;
    this.#foreign = direction;
    if (direction !== null) this.#lastSign = direction === 'up' ? 1 : -1;
    if (direction !== null) this.#events.emit('keypad', direction);
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
    const now = this.#clock.now();
    this.#blockedUntil = now + this.#options.overrideMs;
    if (this.#move !== null) this.#override(now);
    this.#events.emit('keypad', key);
  }

  #onFault(fault) {
    if (this.#closed || sameFault(fault, this.#fault)) return;
    const begins = fault !== null && (this.#fault === null || fault.code !== this.#fault.code);
    this.#fault = fault === null ? null : Object.freeze({...fault});
    if (begins) this.#endMove('fault');
    this.#changed();
  }

  #onConnected(connected) {
    if (this.#closed || connected === this.#connected) return;
    this.#connected = connected;
    if (!connected) {
      this.#height.forget();
      this.#foreign = null;
      this.#lastSign = 0;
      if (this.#move !== null) {
        this.#driver.stop();
        this.#finish('disconnect');
      }
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

  // ---- telling ----

  #changed() { this.#events.emit('change'); }

  #notice(text) { this.#events.emit('notice', text); }

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

  #cancelBrake() {
    if (this.#brakeTimer !== null) this.#clock.clearTimeout(this.#brakeTimer);
    this.#brakeTimer = null;
  }

  #cancelTimers() {
    this.#cancelBrake();
    if (this.#tick !== null) this.#clock.clearTimeout(this.#tick);
    this.#tick = null;
  }
}

function sameFault(a, b) {
  if (a === null || b === null) return a === b;
  return a.code === b.code && a.text === b.text && a.until === b.until;
}
