// SPDX-License-Identifier: Apache-2.0
// Drives a LoctekMotion controller for deskd:desk, as a second hand controller would: it answers the
// controller's questions with keys. Timing and behaviour: lapelotanodobla/FlexiSpot_MitM (captures and
// findings), iMicknl/LoctekMotion_IoT.
//
// The desk moves while a key is answered and coasts on when it is not. A stored height is different: after a
// press of some 120 ms the desk travels there by itself, whatever is answered, until a direction key is
// tapped. The controller sleeps ten seconds after the last use and is woken by PIN20 (loctek_session.js);
// heights are what its display shows, and only the port that woke it gets that.

import {ArmedPort, leaseMs} from './armed_port.js';
import {DutyLimit} from './duty_limit.js';
import {decodeDisplay, decodeFrame, keyFrame, mayBeSent, noKeys} from './loctek_frames.js';
import {LoctekHeight} from './loctek_height.js';
import {LoctekSession} from './loctek_session.js';
import {systemClock, Timers} from './timers.js';

const pollLossMs = 500;          // without a question, keys are let go
const heightsToBelieve = 2;      // before a key is pressed, and displays that agree before one is a fault
const displayGapMs = 1000;       // heights this far apart do not belong together
const movingMs = 500;            // after the last change of height
const ownCoastMs = 1500;         // motion this long after letting go a key is its coasting
const cancelledMs = 700;         // the same after a tap that was to stop what travelled by itself
const runningMs = 600;           // the same number may be shown this long while the motors run
const foreignMs = 2000;          // after a key of the hand controller, nothing is pressed to stop the desk
const foreignStaleMs = 500;      // keys of the hand controller that have not been repeated for this long
const faultQuietMs = 1500;       // heights for this long and no message: the fault is over
const faultPollMs = 60000;
const overheatedMs = 18 * 60000; // "2 min on, 18 min off" (label of a CB38M2H)
const longestStepMs = 300;       // time between two displays that counts as running
const shutDownMs = 400;

// Presses that end by themselves: how many answers, and how long from the first to the last.
const tapPress = {answers: 4, milliseconds: 90};      // captured: moves the desk a millimetre
const presetPress = {answers: 4, milliseconds: 115};
const cancelPress = {answers: 2, milliseconds: 60};
const held = {answers: Infinity, milliseconds: Infinity};

// For serial.open(): a stored height is travelled to by itself, and ends at a tap of any direction. The frames
// take as long on the wire as a tap does, and nobody asks for them.
const tapFrames = 7;
export const failsafe = {
  bytes: Uint8Array.from([...Array(tapFrames).fill(keyFrame('up')), noKeys].flatMap((frame) => [...frame])),
  lease: leaseMs,
};

const ignore = (..._texts) => {};
const silentLog = {debug: ignore, notice: ignore, warning: ignore};

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
const signOf = {up: 1, down: -1};

/** @typedef {import('deskd:desk').DeskSink} DeskSink */
/** @typedef {import('deskd:desk').Fault} Fault */
/** @typedef {{key: string, answers: number, milliseconds: number, cancels?: boolean}} Wish */
/** @typedef {Wish & {answered: number, firstAt: number}} Press */

/** @type {import('deskd:serial').SerialPort | null} */
const noKeypad = null;

export class LoctekDriver {
  #port;
  /** @type {import('deskd:serial').SerialPort | null} */
  #keypad;
  #clock;
  #log;
  #units;
  #refreshMs;
  #session;
  #armed;
  #resting = false;          // atRest() was the last word
  #duty;
  /** @type {DeskSink} */
  #desk;
  #height = new LoctekHeight();
  #timers;
  #unsubscribe = [];
  #connected = false;

  /** @type {Press | null} */
  #press = null;             // one that is under way
  /** @type {Wish | null} */
  #pending = null;           // one that waits for the controller to be awake
  #coastsUntil = -Infinity;
  #recalling = false;        // a stored height was pressed and the desk has not come to rest since
  #writing = false;
  #writeFailed = false;

  /** @type {{text: string, at: number, heightMm: number | null} | null} */
  #shown = null;             // {text, at, heightMm or null}
  /** @type {boolean | null} */
  #inches = null;            // whether it shows inches, once that is known
  #fresh = 0;                // heights in a row
  #sameText = 0;             // displays in a row that say the same
  #movedAt = -Infinity;
  #lastSign = 0;
  /** @type {{keys: string[], at: number}} */
  #foreign = {keys: [], at: -Infinity};

  /** @type {{controller: Fault | null, duty: Fault | null}} */
  #faults = {controller: null, duty: null};
  #faultSeenAt = -Infinity;
  #garbageTold = 0;
  #oddTold = false;
  #whenKnown = () => {};
  #whenReleased = () => {};

  // port: a deskd:serial port with the framing of loctek_frames.js; pin20: {value, set(level)}. keypad: a
  // second port that hears the hand controller, if there is one. duty: {onMs, offMs}. refreshMs: how often a
  // sleeping desk is woken to learn its height, 0 for never.
  constructor({
    port, pin20, keypad = noKeypad, clock = systemClock, log = silentLog, units = 'auto', refreshMs = 0,
    duty = {onMs: 120000, offMs: 1080000},
  }) {
    this.#port = port;
    this.#keypad = keypad;
    this.#clock = clock;
    this.#timers = new Timers(clock);
    this.#armed = new ArmedPort({port, clock, log});
    this.#log = log;
    this.#units = units;
    this.#refreshMs = refreshMs;
    this.#duty = new DutyLimit(duty);
    this.#session = new LoctekSession({
      pin20, clock,
      tell: {
        lost: () => this.#onLost(),
        asleep: () => this.#onAsleep(),
        failed: (error) => log.warning(`cannot set PIN20: ${error.message}`),
      },
    });
  }

  attach(desk) {
    this.#desk = desk;
    this.#unsubscribe.push(
      this.#port.on('frame', (bytes) => this.#onFrame(bytes)),
      this.#port.on('disconnect', (error) => this.#onDisconnect(error)),
      this.#port.on('reconnect', () => this.#session.wake()),
      this.#armed.onStopped(() => {
        this.#forgetMotion();
        desk.stopped();
      }));
    if (this.#keypad !== null)
      this.#unsubscribe.push(this.#keypad.on('frame', (bytes) => this.#onKeypadFrame(bytes)));
    if (this.#port.connected) this.#session.wake();
  }

  /**
   * Resolves when a height is known, or after `milliseconds`.
   * @returns {Promise<void>}
   */
  known(milliseconds) {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(resolve, milliseconds);
      this.#whenKnown = () => {
        this.#clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  // Whether the last command still waits for the controller to wake and to show where the desk is.
  get waking() { return this.#pending !== null; }

  raise() { this.#want({key: 'up', ...held}); }
  lower() { this.#want({key: 'down', ...held}); }

  // Moves by about a millimetre.
  tap(direction) { this.#want({key: direction, ...tapPress}); }

  // Until atRest() somebody stops the desk if this script does not live.
  recall(slot) {
    this.#want({key: `preset-${slot}`, ...presetPress});
    this.#resting = false;
    this.#armed.arm();
  }

  // On the wire before it returns. Letting go is enough for what we move; what travels by itself needs a tap,
  // in its own direction, for the other one would be a reversal.
  stop() {
    this.#pending = null;
    if (this.#press === null || !this.#press.cancels) {
      const cancels = this.#travelsByItself();
      this.#release();
      if (cancels) this.#begin({key: this.#lastSign < 0 ? 'down' : 'up', cancels: true, ...cancelPress});
    }
    this.#recalling = false;
    if (this.#session.high) this.#send(this.#press === null ? noKeys : keyFrame(this.#press.key));
  }

  // Nothing moves any more that was set off from here, as far as the desk's heights tell.
  atRest() {
    this.#resting = true;
    this.#disarmAtRest();
  }

  // Stops, and resolves when the kernel has what that takes. For the script's end. PIN20 stays as it is.
  async shutDown() {
    this.stop();
    if (this.#press !== null) {
      let timer;
      await new Promise((resolve) => {
        this.#whenReleased = () => resolve(undefined);
        timer = this.#clock.setTimeout(resolve, shutDownMs);
      });
      this.#clock.clearTimeout(timer);
    }
    // A tap that could not be pressed is left to the guard, which sends it once the port is closed.
    if (this.#press === null) this.#armed.disarm();
    else this.#armed.leave();
    this.#release();
    this.#timers.cancelAll();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#session.stop();
    if (this.#port.connected && this.#session.high) await this.#port.write(noKeys);
  }

  // ---- keys ----

  #want(press) {
    keyFrame(press.key);  // throws for what is no key
    this.#release();
    this.#armed.disarm();  // the guard's tap might be a reversal of what follows
    this.#pending = press;
    if (!this.#beginPending()) this.#session.wake();
  }

  // Never presses before the controller is awake and has shown where the desk is.
  #beginPending() {
    const seen = this.#fresh >= heightsToBelieve && this.#shown !== null &&
      this.#clock.now() - this.#shown.at <= displayGapMs;
    if (this.#pending === null || !seen || !this.#session.awake || this.#foreignHeld()) return false;
    const press = this.#pending;
    this.#pending = null;
    this.#begin(press);
    return true;
  }

  #begin(press) {
    this.#press = {...press, answered: 0, firstAt: 0};
    this.#watchPolls();
  }

  #release() {
    const press = this.#press;
    this.#press = null;
    this.#timers.cancel('poll');
    if (press === null) return;
    const now = this.#clock.now();
    if (press.answered > 0) {
      this.#coastsUntil = now + (press.cancels ? cancelledMs : ownCoastMs);
      this.#height.keys(0, now);
    }
    this.#whenReleased();
  }

  #watchPolls() {
    this.#timers.after('poll', pollLossMs, () => {
      this.#log.notice(`the controller has asked for nothing for ${pollLossMs} ms, keys released`);
      this.#fresh = 0;
      this.#release();
    });
  }

  #onPoll() {
    this.#session.polled();
    if (!this.#session.high || this.#writing) return;
    const press = this.#press;
    if (press === null) {
      this.#send(noKeys);
      return;
    }
    const now = this.#clock.now();
    if (press.answered === 0) this.#firstAnswer(press, now);
    press.answered++;
    this.#session.moved();
    this.#watchPolls();
    this.#send(keyFrame(press.key));
    if (press.answered >= press.answers && now - press.firstAt >= press.milliseconds) this.#release();
  }

  #firstAnswer(press, now) {
    press.firstAt = now;
    this.#recalling = press.key.startsWith('preset');
    const sign = press.cancels ? 0 : signOf[press.key] || 0;
    if (sign === 0) return;
    this.#lastSign = sign;
    this.#height.keys(sign, now);
  }

  // Whether the desk moves, or is about to, and letting go of keys does not stop it.
  #travelsByItself() {
    const now = this.#clock.now();
    if (now - this.#foreign.at < foreignMs) return false;  // the hand controller wins
    if (this.#recalling) return true;
    const ours = this.#press !== null || now < this.#coastsUntil;
    return !ours && now - this.#movedAt < movingMs;
  }

  #send(bytes) {
    if (!mayBeSent(bytes)) throw new Error(`loctek: expected a single harmless key, found ${hex(bytes)}`);
    if (!this.#port.connected) return;
    this.#writing = true;
    this.#port.write(bytes).then(() => {
      this.#writing = false;
      this.#writeFailed = false;
    }, (error) => {
      this.#writing = false;
      if (error.code === 'ERR_CLOSED') return;
      if (!this.#writeFailed) this.#log.warning(`cannot write to ${this.#port.path}: ${error.message}`);
      this.#writeFailed = true;
    });
  }

  // ---- the hand controller ----

  #onKeypadFrame(bytes) {
    const frame = decodeFrame(bytes);
    if (frame !== null && frame.kind === 'keys') this.#onForeignKeys(frame.keys);
  }

  #onForeignKeys(keys) {
    const before = this.#foreignHeld() ? this.#foreign.keys : [];
    if (keys.length > 0 || before.length > 0) this.#foreign = {keys, at: this.#clock.now()};
    const pressed = keys.filter((key) => !before.includes(key));
    if (pressed.length === 0) return;
    this.#armed.disarm();  // a person is there, and may well press the other direction
    this.#forgetMotion();
    for (const key of pressed) this.#desk.keypad(key);
  }

  // Somebody else has ended, or now decides, what was set off from here.
  #forgetMotion() {
    this.#pending = null;
    this.#recalling = false;
    this.#release();
  }

  #foreignHeld() {
    return this.#foreign.keys.length > 0 && this.#clock.now() - this.#foreign.at < foreignStaleMs;
  }

  // ---- frames ----

  #onFrame(bytes) {
    const frame = decodeFrame(bytes);
    if (frame === null) return undefined;
    if (frame.kind === 'keys') return this.#onForeignKeys(frame.keys);
    if (frame.kind === 'shutdown') return this.#session.goodbye();
    if (!this.#connected) {
      this.#connected = true;
      this.#desk.connected(true);
    }
    if (frame.kind === 'poll') this.#onPoll();
    else if (frame.kind === 'display') this.#onDisplay(frame.payload);
    else if (frame.kind === 'other') this.#log.debug(`unknown frame ${hex(bytes)}`);
    return undefined;
  }

  #onDisplay(payload) {
    const now = this.#clock.now();
    const shown = decodeDisplay(payload, this.#units);
    const before = this.#shown;
    const gapMs = before === null ? Infinity : now - before.at;
    this.#shown = {text: shown.text, at: now, heightMm: null};
    const same = before !== null && before.text === shown.text;
    this.#sameText = same ? this.#sameText + 1 : 1;
    if (same) this.#onSame();
    if (shown.kind === 'height' && this.#believable(shown)) {
      this.#onHeight(shown, before, gapMs, now);
      return;
    }
    this.#fresh = 0;
    if (shown.kind === 'fault' && this.#sameText >= heightsToBelieve) this.#onFault(shown.fault);
    if (shown.kind === 'memory' && !same) this.#desk.keypad('m');
    if (!same && shown.kind === 'text') this.#log.debug(`the display shows ${shown.text}`);
  }

  #onSame() {
    this.#session.rested();
    if (this.#session.rests) this.#recalling = false;
    this.#disarmAtRest();
  }

  // Only heights that are shown tell: a controller that is not heard may still have the desk travel.
  #disarmAtRest() {
    if (this.#resting && this.#session.rests) this.#armed.disarm();
  }

  // A countdown may look like a height, in the other unit.
  #believable({inches, text}) {
    if (this.#inches === null) this.#inches = inches;
    if (this.#inches === inches) return true;
    if (!this.#oddTold) this.#log.notice(`the display shows ${text}, which is no height here, ignoring`);
    this.#oddTold = true;
    return false;
  }

  #onHeight({text, heightMm, resolutionMm}, before, gapMs, now) {
    this.#shown = {text, at: now, heightMm};
    this.#fresh = gapMs > displayGapMs ? 1 : this.#fresh + 1;
    const changed = before !== null && before.heightMm !== null && gapMs <= displayGapMs &&
      before.heightMm !== heightMm;
    if (changed) this.#onMotion(Math.sign(heightMm - before.heightMm), now);
    if (now - this.#movedAt < runningMs) this.#onRunning(Math.min(gapMs, longestStepMs), now);
    if (this.#faults.controller !== null && this.#faults.controller.until === undefined &&
      now - this.#faultSeenAt >= faultQuietMs) this.#clearFault('controller');
    this.#desk.height(this.#height.report(heightMm, resolutionMm, now));
    if (this.#fresh < heightsToBelieve) return;
    this.#whenKnown();
    this.#beginPending();
  }

  #onMotion(sign, now) {
    this.#movedAt = now;
    this.#lastSign = sign;
    this.#session.moved();
  }

  #onRunning(milliseconds, now) {
    this.#duty.ran(milliseconds, now);
    if (!this.#duty.exhausted || this.#faults.duty !== null) return;
    const text = 'the motors have run as long as they may and rest now';
    this.#setFault('duty', {code: 'DUTY', text, until: now + this.#duty.restMs(now)});
  }

  // ---- faults ----

  #onFault(fault) {
    this.#faultSeenAt = this.#clock.now();
    const known = this.#faults.controller;
    if (known !== null && known.code === fault.code) return;
    const hot = fault.code === 'HOT';
    this.#setFault('controller', hot ? {...fault, until: this.#clock.now() + overheatedMs} : fault);
  }

  #setFault(source, fault) {
    this.#log.warning(`${fault.code}: ${fault.text}`);
    this.#faults[source] = fault;
    this.#pending = null;
    this.#release();
    this.#tellFault();
    const timer = source === 'duty' ? 'duty' : 'fault';
    if (fault.until !== undefined)
      this.#timers.after(timer, fault.until - this.#clock.now(), () => this.#clearFault(source));
    else this.#timers.after(timer, faultPollMs, () => this.#pollFault());
  }

  // The controller shows only while it is awake whether its fault is over.
  #pollFault() {
    this.#session.wake();
    this.#timers.after('fault', faultPollMs, () => this.#pollFault());
  }

  #clearFault(source) {
    this.#log.notice(`${this.#faults[source].code} is over`);
    this.#faults[source] = null;
    this.#timers.cancel(source === 'duty' ? 'duty' : 'fault');
    this.#tellFault();
  }

  #tellFault() { this.#desk.fault(this.#faults.controller || this.#faults.duty); }

  // ---- connection ----

  #onAsleep() {
    this.#armed.disarm();
    this.#fresh = 0;
    this.#release();
    if (this.#refreshMs > 0) this.#timers.after('refresh', this.#refreshMs, () => this.#session.wake());
  }

  #onLost() {
    this.#armed.disarm();
    this.#pending = null;
    this.#release();
    this.#diagnose();
    this.#lose(`the controller at ${this.#port.path} does not answer PIN20`);
  }

  // Bytes that never become frames have a cause that only a person can remove.
  #diagnose() {
    const {frames, garbageBytes} = this.#port.stats;
    if (frames > 0 || garbageBytes < this.#garbageTold * 10 || garbageBytes < 20) return;
    this.#garbageTold = garbageBytes;
    this.#log.warning(
      `${garbageBytes} bytes have come from ${this.#port.path} and none was part of a frame: check ` +
      '9600 baud, the common ground, the level shifter, and that transmit and receive are not swapped');
  }

  #onDisconnect(error) {
    this.#armed.disarm();
    this.#pending = null;
    this.#release();
    this.#session.forget();
    this.#timers.cancel('fault');
    this.#faults.controller = null;
    this.#tellFault();
    this.#lose(error.message);
  }

  #lose(why) {
    this.#fresh = 0;
    this.#shown = null;
    this.#height.forget();
    if (!this.#connected) {
      this.#log.debug(why);
      return;
    }
    this.#log.warning(why);
    this.#connected = false;
    this.#desk.connected(false);
  }
}
