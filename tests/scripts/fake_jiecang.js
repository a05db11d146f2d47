// SPDX-License-Identifier: Apache-2.0
// A Jiecang controller at the other end of a fake serial port, on a FakeClock. Works on whole frames; what a
// real one does to scripts is there: it sleeps, echoes, answers 13 ms later, reports while it moves and is
// silent then.

import {decodeFrame} from '../../scripts/lib/jiecang_frames.js';
import {Emitter} from '../../bindings/js/emitter.js';

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export function report(command, ...params) {
  const body = [command, params.length, ...params];
  return Uint8Array.of(0xf2, 0xf2, ...body, body.reduce((total, byte) => (total + byte) & 0xff, 0), 0x7e);
}

const word = (value) => [(value >> 8) & 0xff, value & 0xff];

export class FakeJiecang {
  #clock;
  #events = new Emitter('fake port', ['frame', 'disconnect', 'reconnect', 'close']);
  #heardAt = -Infinity;
  #goal = null;
  #stepsUntil = 0;
  #timer = null;
  #sinceReport = 0;
  #lastDirection = 0;
  #stoppedSince = true;

  // the port
  path = '/dev/fake';
  connected = true;
  stats = {frames: 1, garbageBytes: 0, badChecksums: 0, oversize: 0};
  sent = [];           // what came from the script, as hexadecimal text without header, sum and end
  sentAt = [];

  // the controller
  heightMm = 800;
  minMm = 650;
  maxMm = 1250;
  inches = false;
  speedMmPerS = 30;
  sleepAfterMs = 5000;
  silent = false;      // is not there
  ignoresSettings = 0; // how many questions it does not answer (just after power-up)
  hasGoto = true;      // false: echoes, does not move
  echoes = true;
  nudges = false;      // constant-touch mode
  locked = false;
  userMaxMm = null;
  presets = {1: 720, 2: 1100};
  faults = [];         // error bytes sent when told to move against its motion
  direction = 0;

  constructor(clock) { this.#clock = clock; }

  on(name, fn) { return this.#events.on(name, fn); }

  async write(bytes) {
    if (!this.connected) throw Object.assign(new Error('gone'), {code: 'ERR_DISCONNECTED'});
    this.sent.push(hex(bytes.subarray(2, bytes.length - 2)));
    this.sentAt.push(this.#clock.now());
    this.#hear(decodeFrame(bytes));
  }

  say(bytes) { this.#events.emit('frame', bytes); }

  sayHeight() { this.say(report(0x01, ...word(this.#shown()), 0x07)); }

  unplug() {
    this.connected = false;
    this.direction = 0;
    this.#goal = null;
    this.#events.emit(
      'disconnect', Object.assign(new Error('serial port /dev/fake: unplugged'), {code: 'ERR_DISCONNECTED'}));
  }

  plug() {
    this.connected = true;
    this.#events.emit('reconnect');
  }

  #shown() { return this.inches ? Math.round(this.heightMm / 2.54) : Math.round(this.heightMm); }

  #answer(...frames) {
    frames.forEach((frame, index) => this.#clock.setTimeout(() => {
      if (this.connected && !this.silent) this.say(frame);
    }, 13 + 21 * index));
  }

  #height() { return report(0x01, ...word(this.#shown()), 0x07); }

  #hear({command, params}) {
    if (this.silent) return;
    const asleep = this.#clock.now() - this.#heardAt > this.sleepAfterMs && this.direction === 0;
    this.#heardAt = this.#clock.now();
    if (asleep) return;
    switch (command) {
      case 0x00: return this.#answer(this.#height());
      case 0x01: return this.#drive(1);
      case 0x02: return this.#drive(-1);
      case 0x05: return this.#go(this.presets[1]);
      case 0x06: return this.#go(this.presets[2]);
      case 0x07: return this.#settings();
      case 0x0c: return this.#answer(report(0x07, ...word(this.maxMm), ...word(this.minMm)));
      case 0x1b: return this.#goto((params[0] << 8) | params[1]);
      case 0x1f: return this.#answer(report(0x1f, this.locked ? 1 : 0));
      case 0x20:
        if (this.userMaxMm === null) return this.#answer(report(0x20, 0));
        return this.#answer(report(0x20, 1), report(0x21, ...word(this.userMaxMm)));
      case 0x2b:
        this.#goal = null;
        this.direction = 0;
        this.#stoppedSince = true;
        return undefined;
      default: return undefined;
    }
  }

  #settings() {
    if (this.ignoresSettings > 0) {
      this.ignoresSettings--;
      return undefined;
    }
    return this.#answer(
      report(0x25, 2, 0xd0), report(0x26, 3, 0xe8), report(0x27, 0, 0), report(0x28, 0, 0), this.#height());
  }

  #goto(mm) {
    if (this.echoes) this.#answer(report(0x1b, ...word(mm)));
    if (this.hasGoto) this.#go(this.nudges ? this.heightMm + 14 * Math.sign(mm - this.heightMm) : mm);
  }

  #go(mm) {
    if (mm === undefined) return;
    const direction = Math.sign(mm - this.heightMm);
    if (this.#clashes(direction)) return;
    this.#goal = mm;
    this.#move(direction);
  }

  #drive(direction) {
    if (this.#clashes(direction)) return;
    this.#goal = null;
    this.#stepsUntil = this.#clock.now() + 450;
    this.#move(direction);
  }

  #clashes(direction) {
    const clash = direction !== 0 && this.#lastDirection === -direction && !this.#stoppedSince;
    if (clash) {
      this.faults.push('E07');
      this.#answer(report(0x02, 0x07));
    }
    return clash;
  }

  #move(direction) {
    if (direction === 0) return;
    this.direction = direction;
    this.#lastDirection = direction;
    this.#stoppedSince = false;
    if (this.#timer === null) this.#timer = this.#clock.setTimeout(() => this.#tick(), 20);
  }

  #tick() {
    this.#timer = null;
    if (this.#goal === null && this.#clock.now() > this.#stepsUntil) this.direction = 0;
    const stepMm = this.speedMmPerS * 0.02;
    if (this.direction !== 0) {
      const end = this.#goal === null ? (this.direction > 0 ? this.maxMm : this.minMm) : this.#goal;
      const arrived = Math.abs(end - this.heightMm) <= stepMm;
      this.heightMm = arrived ? end : this.heightMm + this.direction * stepMm;
      if (arrived) this.direction = 0;
    }
    this.#heardAt = this.#clock.now();
    this.#sinceReport += 20;
    if (this.#sinceReport >= 200 || this.direction === 0) {
      this.#sinceReport = 0;
      if (this.connected && !this.silent) this.sayHeight();
    }
    if (this.direction !== 0) this.#timer = this.#clock.setTimeout(() => this.#tick(), 20);
  }
}
