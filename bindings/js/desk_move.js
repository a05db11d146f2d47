// SPDX-License-Identifier: Apache-2.0
// One move of a desk, from the command to rest, and the next one in its place.
//
//   halting   a stop has been sent; waits for rest before the command: the motor never reverses in motion
//   starting  the command has been sent; waits for the first millimetres
//   running   watches progress, target, time and direction
//   stopping  a stop has been sent, how the move ends is decided; waits for rest

import {codedError, fail, watchAbort} from './errors.js';

const tickMs = 100;         // how often watch() is called, at least, while there is a move
const haltPauseMs = 100;    // between a stop and the next command, at least
const repeatStopMs = 300;   // a stop that shows no effect is sent again after this
const mostStops = 3;
const nearMm = 15;          // ending this near to its target, a move has gone where it was meant to
const nudgeMm = 25;         // a controller's goto that ends after less than this was a nudge
const brakeMm = 30;         // a target closer ahead than this cannot be met without turning back
const startedMm = 4;        // travel that shows that a command has had its effect
const turnedMm = 8;         // travel against the move that is more than a controller's fine adjustment
const outsideMm = 10;       // travel beyond the limits that is more than inaccuracy
const mostTaps = 5;         // short presses that bring a stepped move nearer to its target

export {tickMs};

export class Mover {
  #driver;
  #options;
  #clock;
  #height;
  #experience;
  #tell;
  #move = null;
  #brakeTimer = null;
  #lastSign = 0;               // direction in which the desk moved last, 0: not known
  #commandedUntil = -Infinity; // motion before this is the end of our own move
  #blockedUntil = -Infinity;   // by the hand controller
  #left = false;               // the driver moves the desk by itself

  // tell: {changed(), notice(text), ended(result), preset({slot, heightMm})}
  constructor({driver, options, clock, height, experience, tell}) {
    this.#driver = driver;
    this.#options = options;
    this.#clock = clock;
    this.#height = height;
    this.#experience = experience;
    this.#tell = tell;
  }

  get active() { return this.#move !== null; }
  get targetMm() {
    return this.#move !== null && this.#move.phase !== 'stopping' ? this.#move.targetMm : null;
  }
  get canGoto() { return this.#experience.gotoWorks && typeof this.#driver.goto === 'function'; }

  direction(now) {
    const {phase, sign} = this.#move;
    const intended = sign > 0 ? 'up' : sign < 0 ? 'down' : null;
    return phase === 'halting' || phase === 'stopping' ? this.#height.direction(now) || intended : intended;
  }

  blockedMs(now) { return this.#blockedUntil - now; }
  block(now) { this.#blockedUntil = now + this.#options.overrideMs; }
  settling(now) { return this.#left || now < this.#commandedUntil; }

  // Whether the motion that is seen from now on is the driver's own.
  leave(left, now) {
    if (this.#left && !left) this.#commandedUntil = Math.max(this.#commandedUntil, now + this.#options.settleMs);
    this.#left = left;
  }

  noteDirection(direction) { this.#lastSign = direction === 'up' ? 1 : -1; }

  // Begins a move, replacing the one there is; resolves with how it ended. `foreign`: the desk is being
  // moved.
  begin({kind, targetMm, sign, slot, timeoutMs, foreign}, signal) {
    if (signal && signal.aborted) throw signal.reason;
    const unwatch = watchAbort(signal, () => {
      if (this.#move !== null && this.#move.unwatch === unwatch) this.end('stopped');
    });
    const now = this.#clock.now();
    const before = this.#replace();
    const move = {
      kind, targetMm, slot, unwatch, method: this.#methodFor(kind), sign: sign || this.#signTo(targetMm),
      phase: 'halting', reason: null, corrected: false, replaces: before !== null,
      deadline: now + this.#allowedMs(targetMm, timeoutMs), issuedAt: 0, stoppedAt: -Infinity,
      startMm: this.#height.mm, stirred: false, farthestMm: null, stoppedMm: null, stops: 0, needsRest: false,
      taps: 0, tapSign: 0,
    };
    const result = new Promise((resolve) => { move.resolve = resolve; });
    this.#move = move;
    this.#approach(move, before, foreign, now);
    this.#tell.changed();
    if (before !== null) this.#tell.ended(before.result);
    return result;
  }

  // Stops and lets the move end with `reason` once the desk is at rest. Without a move nothing is sent.
  end(reason, {commandSent = false} = {}) {
    const move = this.#move;
    this.cancelBrake();
    if (move === null) return;
    if (move.phase === 'stopping') {
      // It is at rest soon, and must not be corrected then.
      if (move.reason === 'target' && reason !== 'target') {
        move.reason = reason;
        if (!commandSent) this.#driver.stop();
      }
      return;
    }
    if (!commandSent) this.#driver.stop();
    const now = this.#clock.now();
    move.reason = reason;
    move.stoppedAt = now;
    move.stoppedMm = this.#height.mm === null ? null : this.#height.estimate(now);
    // Nothing was under way yet, so there is nothing to wait for.
    if (move.phase === 'halting' && this.#height.still(now)) {
      this.finish(reason);
      return;
    }
    move.phase = 'stopping';
    this.#tell.changed();
  }

  // A person has taken over: the move is over, and for a while there is no other.
  override(now) {
    this.block(now);
    if (this.#move === null) return;
    if (this.#move.phase === 'halting') this.finish('override');
    else this.end('override');
  }

  // Ends the move here and now.
  finish(reason) {
    this.#tell.ended(this.#conclude(reason));
    this.#tell.changed();
  }

  // The hardware is gone, and with it what it did last.
  lose() {
    this.#lastSign = 0;
    if (this.#move === null) return;
    this.#driver.stop();
    this.finish('disconnect');
  }

  cancelBrake() {
    if (this.#brakeTimer !== null) this.#clock.clearTimeout(this.#brakeTimer);
    this.#brakeTimer = null;
  }

  // To be called with every height, and every tickMs while there is a move.
  watch(now) {
    const move = this.#move;
    switch (move.phase) {
      case 'halting': return this.#watchHalting(move, now);
      case 'starting': return this.#watchStarting(move, now);
      case 'running': return this.#watchRunning(move, now);
      default: return this.#watchStopping(move, now);
    }
  }

  // ---- commands ----

  // Takes the current move's place; returns what the desk was doing for it, or null.
  #replace() {
    if (this.#move === null) return null;
    const {phase, sign, method, reason} = this.#move;
    return {phase, sign, method, result: this.#conclude(phase === 'stopping' ? reason : 'stopped')};
  }

  // Issues the command at once where that is safe; else stops first and waits for rest.
  #approach(move, before, foreign, now) {
    const moves = before !== null || foreign || !this.#height.still(now);
    const ahead = move.targetMm === null || this.#height.mm === null ? Infinity :
      (move.targetMm - this.#height.mm) * move.sign;
    const underWay = before !== null && (before.phase === 'starting' || before.phase === 'running');
    const goesOn = underWay && before.sign === move.sign && before.method === 'goto' &&
      move.method === 'goto' && ahead >= brakeMm;
    const sameWay = this.#lastSign === 0 || this.#lastSign === move.sign;
    if (goesOn || (!moves && sameWay)) this.#issue(move, now);
    else this.#halt(move, now, moves);
  }

  #halt(move, now, needsRest) {
    move.phase = 'halting';
    move.stoppedAt = now;
    move.needsRest = needsRest;
    this.cancelBrake();
    this.#driver.stop();
  }

  #issue(move, now) {
    if (move.kind === 'moveTo' && this.#height.mm !== null) {
      move.sign = this.#signTo(move.targetMm);
      const distance = Math.abs(move.targetMm - this.#height.mm);
      const there = distance <= this.#experience.toleranceMm(move.method);
      if (there || (move.replaces && distance < this.#options.minTravelMm)) {
        this.finish('target');
        return;
      }
    }
    move.phase = 'starting';
    move.issuedAt = now;
    move.startMm = this.#height.mm;
    this.#lastSign = move.sign;
    this.#height.rest();
    try {
      this.#command(move);
    } catch (error) {
      this.end('fault');
      fail(error);
    }
  }

  #command({method, targetMm, slot, sign}) {
    if (method === 'goto') this.#driver.goto(targetMm);
    else if (method === 'recall') this.#driver.recall(slot);
    else if (sign > 0) this.#driver.raise();
    else this.#driver.lower();
  }

  #methodFor(kind) {
    if (kind === 'recall') return 'recall';
    return kind === 'moveTo' && this.canGoto ? 'goto' : 'step';
  }

  #signTo(targetMm) {
    return targetMm === null || this.#height.mm === null ? 0 : Math.sign(targetMm - this.#height.mm);
  }

  #allowedMs(targetMm, timeoutMs = Infinity) {
    const {speedMmPerS, marginMs, maxMoveMs, minMm, maxMm} = this.#options;
    const known = targetMm !== null && this.#height.mm !== null;
    const distance = known ? Math.abs(targetMm - this.#height.mm) : maxMm - minMm;
    return Math.min(timeoutMs, maxMoveMs, 1500 * distance / speedMmPerS + marginMs);
  }

  // ---- watching ----

  #watchHalting(move, now) {
    const waitedMs = now - move.stoppedAt;
    const needMs = move.needsRest ? this.#options.restMs : haltPauseMs;
    if (waitedMs >= needMs && this.#height.still(now)) this.#issue(move, now);
    else if (waitedMs >= this.#options.settleMs) this.override(now);  // it is not us who moves it
    else this.#repeatStop(move);
  }

  #watchStarting(move, now) {
    const waitedMs = now - move.issuedAt;
    const {mm} = this.#height;
    if (this.#driver.waking === true && waitedMs < this.#options.startMs) return this.#adapt(move, now);
    if (move.startMm === null) move.startMm = mm;
    if (mm !== move.startMm) move.stirred = true;
    const travelledMm = mm === null ? 0 : mm - move.startMm;
    if (Math.abs(travelledMm) >= startedMm) return this.#started(move, Math.sign(travelledMm), now);
    const near = this.#offMm(move) <= this.#experience.toleranceMm(move.method);
    if (near && waitedMs >= this.#options.restMs && move.kind === 'moveTo') return this.finish('target');
    // Raising and lowering instead is for a controller that speaks, for blind stepping is no substitute, and
    // that has not stirred: one that has begun and stopped was stopped by a hand.
    const stirred = move.stirred || this.#driver.stirred === true;
    const deaf = this.#driver.answers !== false && !stirred;
    if (move.method === 'goto' && waitedMs >= this.#options.gotoStartMs && deaf)
      return this.#fallBack(move, now);
    if (waitedMs < this.#options.startMs && now < move.deadline) return undefined;
    if (move.method === 'recall' && near) return this.finish('target');
    return this.end(this.#atLimit(move) ? 'limit' : 'stall');
  }

  #started(move, sign, now) {
    if (move.sign === 0) move.sign = sign;
    this.#lastSign = sign;
    if (sign !== move.sign) return this.override(now);
    move.phase = 'running';
    move.farthestMm = this.#height.mm;
    this.#tell.changed();
    return this.#watchRunning(move, now);
  }

  // Nothing has been commanded yet: the height has changed since it was last known, and with it perhaps the
  // way to go.
  #adapt(move, now) {
    const {mm} = this.#height;
    if (mm === move.startMm) return;
    move.startMm = mm;
    move.deadline = now + this.#allowedMs(move.targetMm);
    if (move.kind !== 'moveTo' || this.#signTo(move.targetMm) === move.sign) return;
    this.#driver.stop();
    this.#issue(move, now);
  }

  // The controller acknowledges goto but does not move: from now on deskd raises and lowers it itself.
  #fallBack(move, now) {
    this.#experience.gotoWorks = false;
    move.method = 'step';
    move.deadline = now + this.#allowedMs(move.targetMm);
    this.#tell.notice(
      'the controller does not move on its own goto command, raising and lowering it instead');
    this.#halt(move, now, true);
  }

  #watchRunning(move, now) {
    const {mm} = this.#height;
    const quietMs = now - Math.max(this.#height.changedAt, move.issuedAt);
    if ((mm - move.farthestMm) * move.sign > 0) move.farthestMm = mm;
    // A person, or the controller backing off from an obstacle; going on would be wrong either way.
    if ((move.farthestMm - mm) * move.sign >= turnedMm) return this.override(now);
    if (this.#outside(move)) return this.end('limit');
    if (move.method === 'step') {
      if (this.#brake(move, now)) return undefined;
    } else if (this.#height.still(now) && this.#arrived(move, quietMs)) {
      return this.finish('target');
    }
    if (now >= move.deadline) return this.end('timeout');
    return quietMs < this.#options.stallMs ? undefined : this.#stalled(move);
  }

  #arrived(move, quietMs) {
    // A preset whose height is not known has arrived when the desk has clearly come to rest.
    if (move.kind === 'recall') return quietMs >= 2 * this.#options.restMs;
    return this.#offMm(move) <= this.#experience.toleranceMm(move.method);
  }

  #stalled(move) {
    if (move.kind === 'moveTo' && this.#offMm(move) <= nearMm) return this.end('target');
    if (this.#atLimit(move)) return this.end('limit');
    const nudge = move.method === 'goto' && Math.abs(this.#height.mm - move.startMm) <= nudgeMm;
    if (nudge && this.#experience.nudged()) {
      this.#tell.notice(
        'the controller stops soon after each goto command (constant-touch mode? set one-touch on ' +
        'the handset), raising and lowering it instead');
    }
    return this.end('stall');
  }

  #offMm({targetMm}) {
    return targetMm === null || this.#height.mm === null ? Infinity : Math.abs(targetMm - this.#height.mm);
  }

  #atLimit(move) { return (move.kind === 'up' || move.kind === 'down') && this.#offMm(move) <= nearMm; }

  // Further outwards than allowed: a stored height of the controller may lie there.
  #outside({sign}) {
    const {minMm, maxMm} = this.#options;
    return sign > 0 ? this.#height.mm > maxMm + outsideMm : this.#height.mm < minMm - outsideMm;
  }

  // Stops a stepped move so that it coasts to its target; between two readings by the clock. Returns whether
  // it did.
  #brake(move, now) {
    this.cancelBrake();
    const reason = move.kind === 'moveTo' ? 'target' : 'limit';
    const toGo =
      (move.targetMm - this.#height.estimate(now)) * move.sign - this.#experience.coastMm(move.sign);
    if (toGo <= 0) {
      this.end(reason);
      return true;
    }
    const speed = this.#height.speedMmPerS * move.sign;
    const inMs = speed > 1 ? toGo * 1000 / speed : Infinity;
    if (inMs >= 5 * tickMs) return false;
    this.#brakeTimer = this.#clock.setTimeout(() => {
      this.#brakeTimer = null;
      if (this.#move === move && move.phase === 'running') this.end(reason);
    }, inMs);
    return false;
  }

  // ---- ending ----

  #watchStopping(move, now) {
    const waitedMs = now - move.stoppedAt;
    if (this.#height.still(now) && waitedMs >= this.#options.restMs) return this.#settled(move, now);
    return waitedMs < this.#options.settleMs ? this.#repeatStop(move) : this.finish(move.reason);
  }

  #repeatStop(move) {
    const movedForMs = this.#height.changedAt - move.stoppedAt;
    if (this.#left || move.stops >= mostStops || movedForMs < repeatStopMs * (move.stops + 1)) return;
    move.stops++;
    this.#driver.stop();
  }

  // A stepped move has come to rest after its target was near: learns, corrects once, and taps.
  #settled(move, now) {
    const {mm} = this.#height;
    if (move.method === 'step' && move.reason === 'target' && mm !== null && move.stoppedMm !== null) {
      if (move.taps === 0) this.#experience.coasted(move.sign, (mm - move.stoppedMm) * move.sign);
      if (this.#tap(move, now)) return undefined;
      const acceptedMm = Math.max(this.#options.minTravelMm, this.#experience.toleranceMm('step'));
      if (this.#offMm(move) >= acceptedMm && !move.corrected) {
        move.corrected = true;
        move.reason = null;
        move.sign = this.#signTo(move.targetMm);
        return this.#halt(move, now, false);
      }
    }
    return this.finish(move.reason);
  }

  // Presses shortly where the driver can, for what is too near for a whole step; never to and fro. Returns
  // whether it did.
  #tap(move, now) {
    const offMm = this.#offMm(move);
    const sign = this.#signTo(move.targetMm);
    const near = offMm > this.#experience.toleranceMm('step') && offMm < this.#options.minTravelMm;
    const may = typeof this.#driver.tap === 'function' && move.taps < mostTaps && move.tapSign !== -sign;
    if (!near || !may) return false;
    move.taps++;
    move.tapSign = sign;
    move.stoppedAt = now;
    this.#driver.tap(sign > 0 ? 'up' : 'down');
    return true;
  }

  #conclude(reason) {
    const move = this.#move;
    const now = this.#clock.now();
    this.#move = null;
    this.cancelBrake();
    move.unwatch();
    this.#commandedUntil = now + (this.#height.still(now) ? 0 : this.#options.restMs);
    const off = this.#offMm(move);
    const known = off !== Infinity;
    const near = !known || off <= this.#experience.toleranceMm(move.method);
    const result = {
      reached: (reason === 'target' || reason === 'limit') && near,
      heightMm: this.#height.mm, targetMm: move.targetMm, reason,
    };
    if (reason === 'target') this.#learn(move, off);
    if (this.#height.still(now)) this.#height.rest();
    move.resolve(result);
    return result;
  }

  #learn({method, slot}, off) {
    if (method === 'goto' && off !== Infinity) this.#experience.arrived(off);
    const heightMm = this.#height.mm;
    if (method !== 'recall' || heightMm === null) return;
    if (this.#experience.presetReached(slot, heightMm)) this.#tell.preset({slot, heightMm});
  }
}

// Why a height is not gone to, or null.
export function rangeProblem(mm, {minMm, maxMm}) {
  if (mm >= minMm && mm <= maxMm) return null;
  return codedError('ERR_OUT_OF_RANGE', `height: expected ${minMm} to ${maxMm} mm, found ${mm}`, RangeError);
}
