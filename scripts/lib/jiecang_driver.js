// SPDX-License-Identifier: Apache-2.0
// Drives a Jiecang controller for deskd:desk. Timing and behaviour: Rocka84/esphome_components issue 6,
// SmartHomeGuys/DeskUp-Pro-Controller notes, phord/Jarvis README.
//
// The controller sleeps after a few seconds and loses the first command then, is silent while idle, ignores
// questions just after mains power-up, and stops on 2B. So nothing is believed to have arrived until it is
// answered, and stop is the one command that never waits.

import {ArmedPort, leaseMs} from './armed_port.js';
import {commands, decodeFrame, mayBeSent} from './jiecang_frames.js';
import {systemClock, Timers} from './timers.js';

const asleepAfterMs = 4000;      // of silence
const wakeMs = 100;              // from waking to the first command that is heard
const askGapMs = 100;            // between questions
const repeatMs = 100;            // between steps of a continuous move
const answerMs = 300;            // an echo comes some 13 ms after its command
const unaskedMs = 250;           // a report this long after the last frame sent is no answer
const mostAttempts = 6;
const probeMs = 1000;            // between rounds of questions, until answered
const slowProbeMs = 5000;        // the same after a while
const quickProbes = 10;
const unansweredProbes = 5;      // then the controller counts as gone
const silentCommandMs = 3500;    // a command without any answer for this long: look whether anybody is there
const faultPollMs = 10000;       // a fault is over when heights come again and no error with them
const faultQuietMs = 1500;
const overheatedMs = 16 * 60000; // H01 rests about this long
const lowestMm = 450;            // heights outside this are not heights: after a reset they count from zero
const highestMm = 1500;
const movedMm = 3;
const heightsToBelieve = 2;

// For serial.open(): the controller travels on by itself, so somebody has to stop it if this script cannot.
export const failsafe = {bytes: commands.stop(), lease: leaseMs};

const ignore = (..._texts) => {};
const silentLog = {debug: ignore, notice: ignore, warning: ignore};

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** @typedef {import('deskd:desk').DeskSink} DeskSink */
/** @typedef {import('deskd:desk').Fault} Fault */

export class JiecangDriver {
  #port;
  #clock;
  #log;
  /** @type {DeskSink} */
  #desk;
  #limits;                  // {minMm, maxMm} that the user allows at most
  /** @type {{minMm: number, maxMm: number} | null} */
  #physical = null;         // what the controller tells
  /** @type {number | null} */
  #userMaxMm = null;
  /** @type {number | null} */
  #userMinMm = null;
  #flags = {maxSet: false, minSet: false};
  #timers;
  #connected = false;
  #heardAt = -Infinity;
  #heights = 0;
  /** @type {number | null} */
  #heightMm = null;
  /** @type {number | null} */
  #startMm = null;          // height when the last command was begun
  #heardSinceCommand = false;
  #stirred = false;
  #sentAt = -Infinity;
  #echoed = false;
  #recalling = false;
  #probes = 0;
  /** @type {Fault | null} */
  #fault = null;
  #faultSeenAt = -Infinity;
  #lockReported = false;
  #armed;
  #writing = false;
  #writeFailed = false;
  #oddHeightTold = false;
  #garbageTold = 0;
  #whenKnown = () => {};

  // port: a deskd:serial port with the framing of jiecang_frames.js. native: whether to use the controller's
  // own goto command. minMm, maxMm: limits narrower than the controller's.
  constructor({port, clock = systemClock, log = silentLog, minMm = 0, maxMm = Infinity, native = true}) {
    this.#port = port;
    this.#clock = clock;
    this.#timers = new Timers(clock);
    this.#armed = new ArmedPort({port, clock, log});
    this.#log = log;
    this.#limits = {minMm, maxMm};
    if (!native) /** @type {{goto?: unknown}} */ (this).goto = undefined;
  }

  attach(desk) {
    this.#desk = desk;
    this.#port.on('frame', (bytes) => this.#onFrame(bytes));
    this.#port.on('disconnect', (error) => this.#onDisconnect(error));
    this.#port.on('reconnect', () => this.#startProbing());
    this.#armed.onStopped(() => {
      this.#timers.cancel('command');
      desk.stopped();
    });
    if (this.#port.connected) this.#startProbing();
  }

  /**
   * Resolves when the controller's limits and height are known, or after `milliseconds`.
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

  // Whether the controller has said anything since the last command.
  get answers() { return this.#heardSinceCommand; }

  // Whether it has reported heights unasked since then: something moved, if less than a millimetre.
  get stirred() { return this.#stirred; }

  raise() { this.#repeat(commands.up()); }
  lower() { this.#repeat(commands.down()); }

  // Goes to a height by itself; sent again until it is echoed or the desk moves.
  goto(mm) {
    const frame = commands.goTo(mm);
    this.#command();
    let attempts = 0;
    const attempt = () => {
      attempts++;
      this.#send(frame);
      this.#timers.after('command', answerMs, () => {
        if (this.#echoed || this.#moved() || attempts >= mostAttempts) return;
        this.#send(commands.wake());
        this.#timers.after('command', wakeMs, attempt);
      });
    };
    this.#whenAwake(attempt);
  }

  // Goes to a stored height. Sent twice at most: on some boxes a second press stops the desk.
  recall(slot) {
    const frame = commands.recall(slot);
    this.#command();
    this.#recalling = true;
    this.#whenAwake(() => {
      this.#send(frame);
      this.#timers.after('command', 1000, () => { if (!this.#moved()) this.#send(frame); });
    });
  }

  // On the wire before it returns, whatever else is going on.
  stop() {
    this.#timers.cancel('command');
    this.#recalling = false;
    this.#send(commands.stop());
  }

  // Nothing moves any more that was set off from here.
  atRest() { this.#armed.disarm(); }

  // Stops, and resolves when the kernel has the frame. For the script's end.
  async shutDown() {
    this.#timers.cancelAll();
    this.#armed.leave();
    if (this.#port.connected) await this.#port.write(commands.stop());
  }

  // ---- commands ----

  #command() {
    this.#armed.arm();
    this.#timers.cancel('command');
    this.#echoed = false;
    this.#recalling = false;
    this.#heardSinceCommand = false;
    this.#stirred = false;
    this.#startMm = this.#heightMm;
    this.#timers.after('watch', silentCommandMs, () => {
      if (!this.#heardSinceCommand) this.#startProbing();
    });
  }

  #moved() {
    if (this.#heightMm === null) return false;
    return this.#startMm === null || Math.abs(this.#heightMm - this.#startMm) >= movedMm;
  }

  #whenAwake(act) {
    if (this.#clock.now() - this.#heardAt < asleepAfterMs) {
      act();
      return;
    }
    this.#send(commands.stop());
    this.#timers.after('command', wakeMs, act);
  }

  // The controller moves one step for each frame and stops by itself when they end.
  #repeat(frame) {
    this.#command();
    const step = () => {
      if (!this.#writing) this.#send(frame);
      this.#timers.after('command', repeatMs, step);
    };
    step();
  }

  #send(bytes) {
    if (!mayBeSent(bytes)) throw new Error(`jiecang: expected a harmless command, found ${hex(bytes)}`);
    if (!this.#port.connected) return;
    this.#writing = true;
    this.#sentAt = this.#clock.now();
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

  // ---- finding out ----

  #startProbing() {
    this.#probes = 0;
    this.#heights = 0;
    this.#probe();
  }

  // One round of questions. The first begins with stop: it wakes, and nothing moves that was set off earlier.
  #probe() {
    this.#probes++;
    if (this.#probes > unansweredProbes && this.#heights === 0) this.#lost('does not answer');
    this.#send(this.#probes === 1 ? commands.stop() : commands.wake());
    // Twice settings: one height is no height.
    const questions =
      [commands.settings(), commands.settings(), commands.physicalLimits(), commands.userLimits()];
    if (this.#probes === 1) questions.push(commands.lockState());
    const ask = () => {
      this.#send(questions.shift());
      if (questions.length > 0) this.#timers.after('probe', askGapMs, ask);
      else this.#timers.after('probe', askGapMs, () => this.#judgeProbe());
    };
    this.#timers.after('probe', wakeMs, ask);
  }

  #judgeProbe() {
    const known =
      this.#heights >= heightsToBelieve && (this.#physical !== null || this.#probes >= quickProbes);
    if (known) return;
    this.#diagnose();
    // An answer that is not complete yet is worth asking for at once.
    const waitMs = this.#heights === 1 ? askGapMs : this.#probes < quickProbes ? probeMs : slowProbeMs;
    this.#timers.after('probe', waitMs, () => this.#probe());
  }

  // Bytes that never become frames have a cause that only a person can remove.
  #diagnose() {
    const {frames, garbageBytes} = this.#port.stats;
    if (frames > 0 || garbageBytes < this.#garbageTold * 10 || garbageBytes < 20) return;
    this.#garbageTold = garbageBytes;
    this.#log.warning(
      `${garbageBytes} bytes have come from ${this.#port.path} and none was part of a frame: check ` +
      '9600 baud, the common ground, and the level shifter (an inverted line reads as 83 83 f9 f9 e3 e1)');
  }

  // ---- reports ----

  #onFrame(bytes) {
    const frame = decodeFrame(bytes);
    if (frame === null || !frame.fromDesk) return;
    this.#heardAt = this.#clock.now();
    this.#heardSinceCommand = true;
    if (!this.#connected) {
      this.#connected = true;
      this.#desk.connected(true);
    }
    this.#take(frame, bytes);
    if (this.#heights >= heightsToBelieve && this.#physical !== null) this.#whenKnown();
  }

  #take(frame, bytes) {
    switch (frame.kind) {
      case 'height': return this.#onHeight(frame);
      case 'goToEcho': this.#echoed = true; return undefined;
      case 'error': return this.#onError(frame);
      case 'reset':
      case 'resetMode':
        return this.#setFault({code: 'RST', text: 'the controller lost its position: hold DOWN on the hand ' +
          'controller until the desk is at the bottom and shows a height again'});
      case 'lock': return this.#onLock(frame.locked);
      case 'limits':
        this.#physical = {minMm: frame.minMm, maxMm: frame.maxMm};
        return this.#tellLimits();
      case 'limitFlags':
        this.#flags = frame;
        return this.#tellLimits();
      case 'userMax':
        this.#userMaxMm = frame.heightMm;
        return this.#tellLimits();
      case 'userMin':
        this.#userMinMm = frame.heightMm;
        return this.#tellLimits();
      case 'presetMove':
        if (!this.#recalling && frame.slot !== null) this.#desk.keypad(`preset-${frame.slot}`);
        return undefined;
      case 'other':
        this.#log.debug(`unknown frame ${hex(bytes)}`);
        return undefined;
      default: return undefined;
    }
  }

  #onHeight({heightMm, raw}) {
    if (heightMm < lowestMm || heightMm > highestMm) {
      if (!this.#oddHeightTold)
        this.#log.warning(`height ${raw} is out of any desk's range, ignoring: re-home the desk`);
      this.#oddHeightTold = true;
      return;
    }
    this.#heights++;
    if (this.#clock.now() - this.#sentAt >= unaskedMs) this.#stirred = true;
    this.#heightMm = heightMm;
    const quietMs = this.#clock.now() - this.#faultSeenAt;
    if (this.#fault !== null && this.#fault.until === undefined && !this.#lockReported &&
      quietMs >= faultQuietMs) {
      this.#clearFault();
    }
    this.#desk.height(heightMm);
  }

  #tellLimits() {
    if (this.#physical === null) return;
    const {minMm, maxMm} = this.#physical;
    const userMin = this.#flags.minSet && this.#userMinMm !== null ? this.#userMinMm : minMm;
    const userMax = this.#flags.maxSet && this.#userMaxMm !== null ? this.#userMaxMm : maxMm;
    const lowest = Math.max(minMm, userMin, this.#limits.minMm);
    const highest = Math.min(maxMm, userMax, this.#limits.maxMm);
    if (highest - lowest >= 20) this.#desk.limits({minMm: lowest, maxMm: highest});
    else this.#log.warning(`limits ${lowest} to ${highest} mm leave no room, ignoring`);
  }

  #onError({code, text}) {
    const until = code === 'H01' ? this.#clock.now() + overheatedMs : undefined;
    this.#setFault(until === undefined ? {code, text} : {code, text, until});
  }

  #onLock(locked) {
    this.#lockReported = locked;
    if (locked)
      this.#setFault({code: 'LOCK', text: 'the controller is locked, unlock it with its hand controller'});
    else if (this.#fault !== null && this.#fault.code === 'LOCK') this.#clearFault();
  }

  #setFault(fault) {
    this.#faultSeenAt = this.#clock.now();
    this.#timers.cancel('command');
    const known = this.#fault !== null && this.#fault.code === fault.code ? this.#fault : null;
    if (known === null) this.#log.warning(`${fault.code}: ${fault.text}`);
    const {until} = this.#fault = known !== null && known.until !== undefined ? known : fault;
    this.#desk.fault(this.#fault);
    const waitMs = until === undefined ? faultPollMs : until - this.#clock.now();
    this.#timers.after('fault', waitMs, () => this.#pollFault());
  }

  #pollFault() {
    if (this.#fault === null) return;
    if (this.#fault.until !== undefined) {
      this.#clearFault();
      return;
    }
    this.#send(commands.wake());
    this.#timers.after('fault', wakeMs, () => {
      this.#send(this.#lockReported ? commands.lockState() : commands.settings());
      this.#timers.after('fault', faultPollMs, () => this.#pollFault());
    });
  }

  #clearFault() {
    if (this.#fault !== null) this.#log.notice(`${this.#fault.code} is over`);
    this.#fault = null;
    this.#timers.cancel('fault');
    this.#desk.fault(null);
  }

  // ---- connection ----

  #onDisconnect(error) {
    this.#timers.cancelAll();
    this.#armed.disarm();
    this.#log.warning(error.message);
    this.#fault = null;
    this.#lockReported = false;
    this.#desk.fault(null);
    this.#lost();
  }

  /** @param {string} [why] */
  #lost(why) {
    if (why !== undefined && this.#connected)
      this.#log.warning(`the controller at ${this.#port.path} ${why}`);
    this.#heights = 0;
    this.#heightMm = null;
    this.#heardAt = -Infinity;
    this.#oddHeightTold = false;
    if (!this.#connected) return;
    this.#connected = false;
    this.#desk.connected(false);
  }
}
