// SPDX-License-Identifier: Apache-2.0
// Drives a desk with two relays for deskd:desk. There is no controller: what keeps it safe is here, in
// deskd:desk (limits, time, reversing, stopping in time) and in deskd-guard (the relays themselves).
//
// Its height is measured (a sensor) or counted (TravelTime). Where the motor's current is measured, a limit
// switch and an obstacle show in it: the desk stops, backs off from what it has hit, and goes nowhere before
// somebody asks for it again.

import {CurrentWatch} from './current_watch.js';
import {DutyLimit} from './duty_limit.js';
import {FaultList} from './fault_list.js';
import {HeightFilter} from './height_filter.js';
import {RelayMotor} from './relay_motor.js';
import {SensorPoller} from './sensor_poller.js';
import {systemClock, Timers} from './timers.js';

const watchMs = 50;
const restingMs = 250;           // between heights while nothing is to be expected
const lossMs = 2000;             // without a height the desk stops
const heightsToBelieve = 2;      // of deskd:desk
const startMs = 900;             // from a relay to a change of height, filter included
const freshMs = 500;             // a height older than this says nothing about now
const frozenMs = 1500;           // no progress for this long: it does not move, or cannot be seen
const progressMm = 4;
const nearEndMm = 30;            // a limit switch is this near to where it should be
const coastingMs = 1000;         // after a relay went off heights may change, and then the current is zero
const currentMs = 40;
const restingCurrentMs = 1000;
const currentLossMs = 1000;
const pauseMs = 300;             // between an obstacle and backing off from it
const homeSlack = 1.15;          // more than the full travel, to be sure of the end
const obstacleMs = 5000;         // that long nothing is begun after an obstacle, or what may be one
const guardMs = 2000;            // and after the guard has said no

const ignore = (..._texts) => {};
const silentLog = {debug: ignore, notice: ignore, warning: ignore};
const opposite = {up: 'down', down: 'up'};
const signOf = {up: 1, down: -1};
const faultNames = ['welded', 'obstacle', 'relay', 'stuck', 'current', 'duty', 'height', 'home'];
const silent = 'deskd-guard has switched the relay off, because deskd was silent';
const expired = {
  maxOn: 'a relay was on for as long as it may be', lease: silent, supervisor: silent,
  guard: 'deskd-guard was started again',
};

/** @typedef {import('deskd:desk').DeskSink} DeskSink */
/** @typedef {import('./travel_time.js').TravelTime} TravelTime */
/** @typedef {'up' | 'down'} Direction */
/** @typedef {{begin(): Promise<void>, read(): Promise<number | null>}} Sensor */

/** @type {{sensor: Sensor, offsetMm: number, everyMs: number} | null} */
const noRange = null;
/** @type {TravelTime | null} */
const noTime = null;
/** @type {Sensor | null} */
const noSensor = null;
const noLimits = {limitA: Infinity, limitMs: 0, idleA: 0, endMs: Infinity, inrushMs: 0};

export class RelayDriver {
  #options;
  #clock;
  #log;
  #motor;
  /** @type {SensorPoller | null} */
  #range;              // polls the height, null where it is counted
  /** @type {TravelTime | null} */
  #time;
  #filter = new HeightFilter();
  /** @type {SensorPoller | null} */
  #current = null;     // polls the current, if it is measured
  /** @type {CurrentWatch | null} */
  #currentWatch = null;
  #hands;
  #held = new Set();   // buttons of the hand switch
  #duty;
  #faults;
  /** @type {DeskSink} */
  #desk;
  #timers;
  #unsubscribe = [];
  #closed = false;

  #connected = false;
  /** @type {number | null} */
  #mm = null;
  #heights = 0;
  #heightAt = -Infinity;
  #failure = 'the sensor has not answered yet';
  #whenKnown = () => {};
  #watchedAt = 0;
  #offAt = -Infinity;
  /** @type {{mm: number | null, until: number}} */
  #progress = {mm: null, until: Infinity};      // {mm, until}: by then it is to have got on from there
  /** @type {{kind: string, direction: Direction, lastsMs: number, endsAt: number, fromMm: number | null} | null} */
  #own = null;           // what it does by itself: {kind, direction, lastsMs, endsAt, fromMm}
  #currentAt = -Infinity;
  #flowsOn = false;      // since a relay was on, the current has not been zero

  // outputs: {up, down}, of one interlock. The height: either range, {sensor: {begin(), read()}, offsetMm, everyMs},
  // or time, a TravelTime, with homeMs, the time of the full travel down, and mostErrorMm. current: {begin(),
  // read()}, amperes, with currentLimits for CurrentWatch. hands: {up, down}, inputs that are active while a
  // button of the hand switch is pressed, as far as there are. rollback: {mm, ms}, at most, 0: none.
  constructor({
    outputs, deadTimeMs, leaseMs, minMm, maxMm, range = noRange, time = noTime, homeMs = 0,
    mostErrorMm = 100, current = noSensor, currentLimits = noLimits, rollback = {mm: 0, ms: 0}, hands = {}, tapMs = 80,
    duty = {onMs: 0, offMs: 0}, clock = systemClock, log = silentLog,
  }) {
    const {offsetMm = 0, everyMs = restingMs} = range || {};
    this.#options = {deadTimeMs, minMm, maxMm, homeMs, mostErrorMm, rollback, tapMs, offsetMm, everyMs};
    this.#clock = clock;
    this.#timers = new Timers(clock);
    this.#log = log;
    this.#motor = new RelayMotor({
      outputs, deadTimeMs, leaseMs, clock,
      tell: {
        on: (direction) => this.#onOn(direction),
        off: () => this.#onOff(),
        failed: (error) => this.#onRelay(error.message),
        expired: (reason) => this.#onRelay(expired[reason] || reason),
      },
    });
    this.#range = range === null ? null : new SensorPoller({
      sensor: range.sensor, clock, everyMs: restingMs,
      tell: {value: (mm) => this.#onRange(mm), failed: (error) => this.#onRangeFailed(error)},
    });
    this.#time = time;
    // What is counted would be the less certain for it.
    if (time !== null) /** @type {{tap?: unknown}} */ (this).tap = undefined;
    if (current !== null) {
      const watch = new CurrentWatch(currentLimits);
      this.#currentWatch = watch;
      this.#current = new SensorPoller({
        sensor: current, clock, everyMs: restingCurrentMs,
        tell: {value: (amps) => this.#onCurrent(watch, amps), failed: (error) => this.#onCurrentFailed(error)},
      });
    }
    this.#hands = hands;
    this.#duty = new DutyLimit(duty);
    this.#faults = new FaultList({names: faultNames, clock, tell: (fault) => this.#desk.fault(fault)});
  }

  attach(desk) {
    this.#desk = desk;
    for (const [direction, input] of Object.entries(this.#hands)) {
      this.#unsubscribe.push(
        input.on('rising', () => this.#onHand(direction, true)),
        input.on('falling', () => this.#onHand(direction, false)));
      if (input.value) this.#held.add(direction);
    }
    if (this.#current !== null) this.#current.start();
    if (this.#range !== null) {
      this.#range.start();
      return;
    }
    this.#connected = true;
    desk.connected(true);
    this.#tellUnknown();
  }

  /**
   * Resolves when a height is known, or after `milliseconds`.
   * @returns {Promise<void>}
   */
  known(milliseconds) {
    if (this.#range === null) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(resolve, milliseconds);
      this.#whenKnown = () => {
        this.#clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  // How far off a height may be that is counted; null where it is measured, or not known.
  get errorMm() { return this.#time === null || this.#time.mm === null ? null : Math.ceil(this.#time.errorMm); }

  // Why nothing may be begun now, or undefined. For the guard option of a Desk.
  refusal() {
    if (this.#held.size > 0) return `the hand switch is pressed (${[...this.#held].join(', ')})`;
    return this.#own === null ? undefined : 'the desk moves by itself';
  }

  raise() { this.#want('up'); }
  lower() { this.#want('down'); }

  // For as long as makes a millimetre or two.
  tap(direction) { this.#want(direction, this.#options.tapMs); }

  // On its way to the guard when it returns.
  stop() { this.#halt(); }

  // For a desk that counts: down to the end, which is then where it is.
  home() {
    const {worst} = this.#faults;
    if (this.#time === null) throw new Error('home: expected a desk whose height is counted, found a sensor');
    if (this.#faults.hasBeside('home')) throw new Error(`home: ${worst.text}`);
    const refusal = this.refusal();
    if (refusal !== undefined) throw new Error(`home: ${refusal}`);
    this.#forgetTime(this.#time, 'it goes to its lower end to learn where it is');
    this.#beginOwn('home', 'down', this.#options.homeMs * homeSlack, 0);
  }

  // Stops, and calls nobody any more. For the script's end.
  shutDown() {
    this.#halt();
    this.#closed = true;
    this.#motor.close();
    for (const poller of [this.#range, this.#current]) if (poller !== null) poller.stop();
    this.#faults.close();
    this.#timers.cancelAll();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  // ---- the motor ----

  #want(direction, pulseMs = 0) {
    if (this.refusal() !== undefined || this.#faults.worst !== null) return;
    if (pulseMs > 0) this.#offAt = this.#clock.now() + pulseMs;
    this.#motor.drive(direction, pulseMs);
    this.#hurry();
  }

  #halt() {
    this.#motor.stop();
    this.#endOwn();
  }

  #onOn(direction) {
    const now = this.#clock.now();
    this.#watchedAt = now;
    this.#progress = {mm: this.#mm, until: now + startMs};
    if (this.#own !== null) this.#own.endsAt = now + this.#own.lastsMs;
    if (this.#time !== null) this.#time.begin(direction, now);
    if (this.#currentWatch === null) return;
    this.#currentWatch.begin(now);
    this.#currentAt = now;
    this.#flowsOn = true;
  }

  #onOff() {
    const now = this.#clock.now();
    this.#duty.ran(now - this.#watchedAt, now);
    this.#offAt = now;
    this.#count((time) => time.end(now));
  }

  #onRelay(text) { this.#fault('relay', {code: 'RELAY', text, forMs: guardMs}); }

  // ---- watching ----

  // Whether it may move, or be about to.
  #driven(now) {
    return this.#motor.direction !== null || this.#held.size > 0 || now - this.#offAt < coastingMs;
  }

  #hurry() {
    if (this.#range !== null) this.#range.setEvery(this.#options.everyMs);
    if (this.#current !== null) this.#current.setEvery(currentMs);
    if (!this.#timers.has('watch') && !this.#closed) this.#timers.after('watch', watchMs, () => this.#watch());
  }

  #watch() {
    const now = this.#clock.now();
    this.#count((time) => time.advance(now));
    if (this.#motor.running !== null) this.#watchRunning(this.#motor.running, now);
    this.#watchHeight(now);
    // A little longer than it coasts, so that the current is seen to be zero.
    if (this.#own !== null || this.#driven(now - 5 * watchMs)) this.#hurry();
    else this.#rest();
  }

  #rest() {
    if (this.#range !== null) this.#range.setEvery(restingMs);
    if (this.#current !== null) this.#current.setEvery(restingCurrentMs);
    if (this.#time !== null && this.#time.errorMm >= this.#options.mostErrorMm) this.#forgetTime(this.#time);
  }

  #watchRunning(direction, now) {
    this.#duty.ran(now - this.#watchedAt, now);
    this.#watchedAt = now;
    if (this.#duty.exhausted) {
      const text = 'the motor has run as long as it may and rests now';
      this.#fault('duty', {code: 'DUTY', text, forMs: this.#duty.restMs(now)});
    } else if (this.#current !== null && now - this.#currentAt >= currentLossMs) {
      this.#fault('current', {code: 'CURRENT', text: 'the motor\'s current cannot be measured any more'});
    } else if (this.#own !== null && now >= this.#own.endsAt) {
      this.#finishOwn(this.#own);
    } else if (this.#mm !== null && this.#range !== null && now - this.#heightAt < freshMs) {
      this.#watchProgress(direction, this.#mm, now);
    }
  }

  #watchProgress(direction, mm, now) {
    const {mm: from, until} = this.#progress;
    if (from === null || (mm - from) * signOf[direction] >= progressMm)
      this.#progress = {mm, until: Math.max(until, now + frozenMs)};
    if (now < this.#progress.until) return;
    this.#halt();
    if (this.#nearEnd(direction, mm, 0)) return;  // its move ends there by itself
    const text = `the height has stayed at ${Math.round(mm)} mm although the motor ran ${direction}: an ` +
      'obstacle, an end of its travel, or a sensor that sees something else';
    this.#fault('stuck', {code: 'STUCK', text, forMs: obstacleMs});
  }

  #nearEnd(direction, mm, slackMm) {
    const {minMm, maxMm} = this.#options;
    return (direction === 'up' ? maxMm - mm : mm - minMm) <= nearEndMm + slackMm;
  }

  // ---- height ----

  #onRange(distanceMm) {
    const now = this.#clock.now();
    if (distanceMm === null) {
      this.#failure = 'nothing is in range of the sensor';
      this.#watchHeight(now);
      return;
    }
    this.#mm = this.#filter.take(distanceMm + this.#options.offsetMm, this.#driven(now));
    this.#heightAt = now;
    this.#failure = 'the sensor does not answer';
    this.#heights++;
    if (!this.#connected) {
      this.#connected = true;
      this.#desk.connected(true);
      this.#faults.clear('height');
    }
    this.#desk.height(this.#mm);
    if (this.#heights >= heightsToBelieve) this.#whenKnown();
    this.#watchOwn();
  }

  #onRangeFailed(error) {
    this.#failure = error.message;
    this.#log.debug(error.message);
    this.#watchHeight(this.#clock.now());
  }

  #watchHeight(now) {
    if (this.#range === null || now - this.#heightAt < lossMs) return;
    const text = `no height: ${this.#failure}`;
    if (this.#faults.has('height')) return;
    this.#fault('height', {code: 'HEIGHT', text});
    this.#mm = null;
    this.#heights = 0;
    this.#filter.forget();
    if (!this.#connected) return;
    this.#connected = false;
    this.#desk.connected(false);
  }

  // Lets the count change, and reports it.
  #count(step) {
    if (this.#time === null) return;
    step(this.#time);
    this.#mm = this.#time.mm;
    if (this.#mm === null) return;
    this.#desk.height(Math.round(this.#mm));
    this.#watchOwn();
  }

  // What was counted is worth nothing any more.
  #forgetTime(time, text) {
    const known = time.mm !== null;
    time.forget();
    this.#mm = null;
    this.#tellUnknown(text);
    if (!known) return;
    this.#desk.connected(false);
    this.#desk.connected(true);
  }

  #tellUnknown(text = 'it is not known where the desk is: let it go home, to its lower end') {
    this.#fault('home', {code: 'HOME', text});
  }

  // ---- current ----

  #onCurrent(watch, amps) {
    const now = this.#clock.now();
    this.#currentAt = now;
    this.#faults.clear('current');
    const flows = watch.flows(amps);
    const direction = this.#motor.running;
    this.#flowsOn = flows && (this.#flowsOn || direction !== null);
    if (direction === null) {
      if (this.#flowsOn && now - this.#offAt >= coastingMs) this.#onWelded(amps);
      return;
    }
    const what = watch.sample(amps, now);
    if (what === 'obstacle') this.#onObstacle(direction, amps);
    else if (what === 'end') this.#onEnd(direction);
  }

  #onCurrentFailed(error) {
    this.#log.debug(error.message);
    if (this.#motor.running !== null || this.#faults.has('current')) return;
    this.#fault('current', {code: 'CURRENT', text: `the motor's current cannot be measured: ${error.message}`});
  }

  #onObstacle(direction, amps) {
    const {rollback, deadTimeMs} = this.#options;
    const backsOff = this.#own === null && rollback.ms > 0;
    const where = direction === 'up' ? 'above' : 'below';
    const text = `something is in the way ${where}: the motor drew ${amps.toFixed(1)} A`;
    this.#fault('obstacle', {code: 'OBSTACLE', text, forMs: obstacleMs});
    if (backsOff) this.#beginOwn('rollback', opposite[direction], rollback.ms, Math.max(pauseMs, deadTimeMs));
  }

  // The motor draws nothing any more: a limit switch, if it is where one may be.
  #onEnd(direction) {
    const slackMm = this.#time === null ? 0 : this.#time.errorMm;
    if (this.#mm !== null && !this.#nearEnd(direction, this.#mm, slackMm)) {
      const text = `the motor draws no current at ${Math.round(this.#mm)} mm, where no end is: is it connected?`;
      this.#fault('stuck', {code: 'NO_CURRENT', text, forMs: obstacleMs});
      return;
    }
    if (this.#own !== null && this.#own.kind === 'home') {
      this.#finishOwn(this.#own);
      return;
    }
    this.#halt();
    this.#count((time) => time.atEnd(direction));
  }

  #onWelded(amps) {
    const text = `${amps.toFixed(1)} A flow although both relays are off: take the power away, a contact is stuck ` +
      '(nothing moves before the script is started again)';
    if (!this.#faults.has('welded')) this.#fault('welded', {code: 'WELDED', text});
  }

  // ---- the hand switch ----

  #onHand(direction, pressed) {
    const now = this.#clock.now();
    if (!pressed) {
      this.#held.delete(direction);
      this.#offAt = now;
      this.#count((time) => time.end(now));
      return;
    }
    this.#halt();
    this.#held.add(direction);
    this.#flowsOn = false;
    this.#count((time) => time.begin(direction, now));
    this.#desk.keypad(direction);
    this.#hurry();
  }

  // ---- what it does by itself ----

  #beginOwn(kind, direction, lastsMs, afterMs) {
    this.#log.notice(kind === 'home' ? 'goes home' : `backs off, ${direction}`);
    this.#own = {kind, direction, lastsMs, endsAt: Infinity, fromMm: this.#mm};
    this.#desk.moves(direction);
    this.#timers.after('own', afterMs, () => this.#motor.drive(direction));
    this.#hurry();
  }

  // Far enough from what was in the way?
  #watchOwn() {
    const own = this.#own;
    if (own === null || own.kind !== 'rollback' || own.fromMm === null || this.#mm === null) return;
    if ((this.#mm - own.fromMm) * signOf[own.direction] >= this.#options.rollback.mm) this.#finishOwn(own);
  }

  #finishOwn({kind, direction}) {
    if (kind === 'home') {
      this.#time?.atEnd(direction);
      this.#log.notice('is home');
    }
    this.#halt();
    if (kind !== 'home') return;
    this.#faults.clear('home');
    this.#count(() => {});  // for deskd:desk, which believes what it hears twice
  }

  #endOwn() {
    if (this.#own === null) return;
    this.#own = null;
    this.#timers.cancel('own');
    this.#desk.moves(null);
    if (this.#time !== null && this.#time.mm === null) this.#tellUnknown();
  }

  // ---- faults ----

  // Nothing goes on after one.
  #fault(name, fault) {
    this.#halt();
    this.#log.warning(`${fault.code}: ${fault.text}`);
    this.#faults.set(name, fault);
  }
}
