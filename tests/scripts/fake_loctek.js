// SPDX-License-Identifier: Apache-2.0
// A LoctekMotion controller at the other end of a fake serial port and of PIN20, on a FakeClock. Works on
// whole frames; what a real one does to scripts is there: it wakes by PIN20 and sleeps, polls, moves a while
// after a key and coasts after it, travels to presets by itself, and shows its height as digits.

import {Emitter} from '../../bindings/js/emitter.js';
import {decodeFrame} from '../../scripts/lib/loctek_frames.js';

function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

export function frame(type, ...payload) {
  const body = [payload.length + 4, type, ...payload];
  const crc = crc16(body);
  return Uint8Array.of(0x9b, ...body, crc >> 8, crc & 0xff, 0x9d);
}

const digits = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];

export function heightSegments(mm) {
  const tenths = Math.round(mm);
  const text = String(tenths >= 1000 ? Math.round(mm / 10) : tenths);
  const segments = Array.from(text, (digit) => digits[Number(digit)]);
  if (tenths < 1000) segments[1] |= 0x80;
  return segments;
}

export const segments = {
  LOC: [0x38, 0x5c, 0x39], E01: [0x79, 0x3f, 0x06], A2: [0x77, 0x40, 0x5b], RST: [0x50, 0x6d, 0x78],
  HOT: [0x76, 0x5c, 0x78], S: [0x6d, 0x40, 0x00], blank: [0, 0, 0], timer: [0x09, 0x66, 0x6d],
};

const pollMs = 31;
const letGoMs = 200;

export class FakeLoctek {
  #clock;
  #events = new Emitter('fake port', ['frame', 'disconnect', 'reconnect', 'stopped', 'close']);
  #timer = null;
  #polls = 0;
  #idleAt = 0;
  #keysAt = -Infinity;
  #repeats = 0;
  #heldAt = 0;
  #worked = false;   // the held key has had its effect
  #goal = null;
  #coasts = false;
  #steppedAt = 0;
  #preset = null;      // a timer: it will travel

  // the port
  path = '/dev/fake';
  connected = true;
  stats = {frames: 1, garbageBytes: 0, badChecksums: 0, oversize: 0};
  sent = [];           // {at, keys}: what came from the script
  writesFail = false;
  armed = null;        // when the guard was last told that it is to stop the desk; null: that it is not

  // the controller
  awake = false;
  heightMm = 800;
  minMm = 650;
  maxMm = 1250;
  speedMmPerS = 22;
  coastMm = 4;
  tapMm = 1;
  startMs = 450;
  wakeMs = 370;
  sleepMs = 10000;
  saysGoodbye = true;
  silent = false;      // is not there
  mute = false;        // awake, but sends nothing
  shows = null;        // segments instead of the height
  displays = true;     // false: somebody else's port gets the display
  locked = false;      // keys only show LOC
  deafToEarlyTaps = false;  // a preset that has not begun to travel cannot be cancelled
  presets = {'preset-1': 720, 'preset-2': 1100};
  keys = '';
  direction = 0;
  travels = false;     // to a preset
  violations = [];
  displayed = [];      // heights as they were shown

  constructor(clock) {
    this.#clock = clock;
    this.pin20 = {
      value: false,
      changes: [],
      set: async (level) => {
        if (level === this.pin20.value) return;
        this.pin20.value = level;
        this.pin20.changes.push({at: clock.now(), level});
        this.#onPin(level);
      },
    };
  }

  on(name, fn) { return this.#events.on(name, fn); }

  async write(bytes) {
    if (!this.connected) throw Object.assign(new Error('gone'), {code: 'ERR_DISCONNECTED'});
    if (this.writesFail) throw Object.assign(new Error('full'), {code: 'ERR_QUEUE_FULL'});
    const keys = decodeFrame(bytes).keys.join('+');
    this.sent.push({at: this.#clock.now(), keys});
    if (this.awake) this.#onKeys(keys);
  }

  async arm() { this.armed = this.#clock.now(); }
  renew() { if (this.armed !== null) this.armed = this.#clock.now(); }
  async disarm() { this.armed = null; }

  // What the guard does for a script that cannot.
  guardStops(bytes, reason) {
    this.armed = null;
    for (let at = 0; at < bytes.length; at += 8)
      this.#onKeys(decodeFrame(bytes.subarray(at, at + 8)).keys.join('+'));
    this.#events.emit('stopped', {reason});
  }

  // Keys as they were sent, each run of equal ones once.
  get pressed() {
    return this.sent.map(({keys}) => keys).filter((keys, at, all) => keys !== all[at - 1] && keys !== '');
  }

  say(bytes) {
    if (this.connected && !this.silent && !this.mute) this.#events.emit('frame', bytes);
  }

  unplug() {
    this.connected = false;
    this.#events.emit(
      'disconnect', Object.assign(new Error('serial port /dev/fake: unplugged'), {code: 'ERR_DISCONNECTED'}));
  }

  plug() {
    this.connected = true;
    this.#events.emit('reconnect');
  }

  // Somebody at the hand controller moves it; only what it does shows.
  handMove(direction) {
    this.#idleAt = this.#clock.now();
    this.direction = direction;
    this.#goal = direction > 0 ? this.maxMm : this.minMm;
    this.#coasts = false;
    this.travels = true;
  }

  handStop() {
    this.direction = 0;
    this.travels = false;
  }

  #onPin(level) {
    if (!level) {
      if (this.direction !== 0) this.violations.push('PIN20 fell while moving');
      this.#sleep();
      return;
    }
    if (this.awake || this.silent) return;
    this.#clock.setTimeout(() => {
      if (!this.pin20.value || this.awake) return;
      this.awake = true;
      this.#polls = 0;
      this.#idleAt = this.#clock.now();
      this.#steppedAt = this.#clock.now();
      this.#poll();
    }, this.wakeMs);
  }

  #sleep() {
    this.awake = false;
    this.keys = '';
    this.#clock.clearTimeout(this.#timer);
  }

  #poll() {
    this.#step();
    const now = this.#clock.now();
    if (this.keys !== '' && now - this.#keysAt >= letGoMs) this.#onKeys('');
    if (this.keys !== '' || this.direction !== 0) this.#idleAt = now;
    if (now - this.#idleAt >= this.sleepMs) {
      this.awake = false;
      if (this.saysGoodbye) for (let count = 0; count < 8; count++) this.say(frame(0x13));
      return;
    }
    this.#timer = this.#clock.setTimeout(() => this.#poll(), pollMs);
    this.say(frame(0x11));
    if (this.#polls++ % 2 === 0 && this.displays) this.#display();
    if (this.#polls % 16 === 0) this.say(frame(0x15));
  }

  #display() {
    if (this.shows === null) this.displayed.push(Math.round(this.heightMm));
    this.say(frame(0x12, ...(this.shows || heightSegments(this.heightMm))));
  }

  #onKeys(keys) {
    this.#step();
    const now = this.#clock.now();
    this.#keysAt = now;
    this.#repeats = keys === this.keys ? this.#repeats + 1 : 1;
    if (keys !== this.keys) {
      this.#keyUp();
      this.keys = keys;
      this.#heldAt = now;
      this.#worked = false;
      if (keys.includes('+') || keys === 'm' || keys === 'alarm') this.violations.push(`pressed ${keys}`);
      const wanted = {up: 1, down: -1}[keys] || 0;
      if (wanted !== 0 && (this.travels || (this.#preset !== null && !this.deafToEarlyTaps))) {
        if (this.#preset !== null) this.#clock.clearTimeout(this.#preset);
        this.#preset = null;
        this.#coast();
        this.#worked = true;
      } else if (wanted !== 0 && this.direction === -wanted) {
        this.violations.push('reversal');
        this.#coast();
      }
      if (keys !== '' && this.locked) this.shows = segments.LOC;
    }
    const goal = this.presets[keys];
    if (goal === undefined || this.#worked || this.#repeats < 4 || this.locked) return;
    this.#worked = true;
    this.#preset = this.#clock.setTimeout(() => {
      this.#preset = null;
      this.#step();
      this.#goal = goal;
      this.travels = true;
      this.#coasts = false;
      this.direction = Math.sign(goal - this.heightMm);
    }, Math.max(0, this.#heldAt + this.startMs - now));
  }

  #keyUp() {
    const sign = {up: 1, down: -1}[this.keys];
    if (sign === undefined) return;
    if (this.direction === sign && !this.travels) this.#coast();
    else if (this.direction === 0 && !this.#worked && !this.locked) {
      this.#clock.setTimeout(() => { this.heightMm += sign * this.tapMm; }, 200);
    }
  }

  #coast() {
    if (this.direction === 0) return;
    this.travels = false;
    this.#coasts = true;
    this.#goal = this.heightMm + this.direction * this.coastMm;
  }

  #step() {
    const now = this.#clock.now();
    const wayMm = this.speedMmPerS * (now - this.#steppedAt) / 1000;
    this.#steppedAt = now;
    const sign = {up: 1, down: -1}[this.keys];
    const starts = sign !== undefined && this.direction === 0 && !this.locked &&
      now - this.#heldAt >= this.startMs;
    if (starts) {
      this.direction = sign;
      this.#coasts = false;
      this.#worked = true;
      this.#goal = sign > 0 ? this.maxMm : this.minMm;
      return;
    }
    if (this.direction === 0) return;
    const goal = Math.min(this.maxMm, Math.max(this.minMm, this.#goal));
    const arrives = Math.abs(goal - this.heightMm) <= wayMm;
    this.heightMm = arrives ? goal : this.heightMm + this.direction * wayMm;
    if (!arrives) return;
    this.direction = 0;
    this.travels = false;
    this.#coasts = false;
  }
}
