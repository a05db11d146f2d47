// SPDX-License-Identifier: Apache-2.0
// A desk with two relays on a FakeClock: outputs that say no as deskd-guard does, a motor with limit switches, and
// what measures it. What can go wrong is a property.

import {Emitter} from '../../bindings/js/emitter.js';

const stepMs = 5;

class FakeRelay {
  #desk;
  #events = new Emitter('fake output', ['expired']);
  #pulse = null;
  value = false;
  offAt = -Infinity;
  renewedAt = 0;
  sets = [];         // {at, on}

  constructor(desk) { this.#desk = desk; }

  on(name, fn) { return this.#events.on(name, fn); }

  async set(on) {
    if (on && this.#desk.refuses !== null) return this.#refuse(this.#desk.refuses);
    this.#endPulse(false);
    return on ? this.#turnOn() : this.turnOff();
  }

  async pulse(milliseconds) {
    await this.set(true);
    return new Promise((resolve) => {
      const timer = this.#desk.clock.setTimeout(() => {
        this.turnOff();
        this.#pulse = null;
        resolve(true);
      }, milliseconds);
      this.#pulse = {timer, resolve};
    });
  }

  renew() { this.renewedAt = this.#desk.clock.now(); }

  expire(reason) {
    this.turnOff();
    this.#events.emit('expired', {reason});
  }

  turnOff() {
    if (this.value) this.offAt = this.#desk.clock.now();
    this.#change(false);
  }

  #refuse(code) {
    this.#desk.refusals++;
    return Promise.reject(Object.assign(new Error(code), {code}));
  }

  #turnOn() {
    const other = this.#desk.otherOf(this);
    if (other.value) return this.#refuse('ERR_INTERLOCK');
    if (this.#desk.clock.now() - other.offAt < this.#desk.deadTimeMs) return this.#refuse('ERR_DEAD_TIME');
    this.renewedAt = this.#desk.clock.now();
    this.#change(true);
    return undefined;
  }

  #change(on) {
    if (on === this.value) return;
    this.value = on;
    this.sets.push({at: this.#desk.clock.now(), on});
    this.#desk.run();
  }

  #endPulse(whole) {
    if (this.#pulse === null) return;
    this.#desk.clock.clearTimeout(this.#pulse.timer);
    this.#pulse.resolve(whole);
    this.#pulse = null;
  }
}

class FakeInput {
  #desk;
  #events = new Emitter('fake input', ['rising', 'falling']);
  value = false;

  constructor(desk) { this.#desk = desk; }

  on(name, fn) { return this.#events.on(name, fn); }

  set(value) {
    this.value = value;
    this.#desk.run();
    this.#events.emit(value ? 'rising' : 'falling', {});
  }
}

export class FakeRelayDesk {
  clock;
  deadTimeMs = 500;
  leaseMs = 600;
  up = new FakeRelay(this);
  down = new FakeRelay(this);
  handUp = new FakeInput(this);
  handDown = new FakeInput(this);
  refusals = 0;
  refuses = null;          // a code: the guard does not let anything be driven

  heightMm = 800;
  minMm = 650;
  maxMm = 1250;
  speedMmPerS = 25;
  coastMm = 4;
  noiseMm = 0;
  obstacleMm = null;
  broken = false;          // the motor's wire
  welded = null;           // 'up', 'down': stays closed
  frozen = false;
  silent = false;          // the sensor does not answer
  hangs = false;           // nor says so
  blind = false;           // it sees nothing
  deafCurrent = false;     // the INA219 does not answer
  speed = 0;
  reversals = 0;
  shorts = 0;
  #timer = null;
  #shown = null;
  #spike = [];             // wrong heights to come
  #readings = 0;
  #poweredAt = 0;
  #power = 0;
  #closed = {up: false, down: false};

  constructor(clock, properties = {}) {
    this.clock = clock;
    Object.assign(this, properties);
    this.sensor = {
      begin: async () => { if (this.silent) throw new Error('NACK'); },
      read: async () => this.#range(),
    };
    this.current = {begin: async () => this.#amps(), read: async () => this.#amps()};
  }

  get outputs() { return {up: this.up, down: this.down}; }
  otherOf(relay) { return relay === this.up ? this.down : this.up; }

  // The next readings are these, whatever the height is.
  spike(...heights) { this.#spike.push(...heights); }

  // Milliseconds between a relay's end and the other's beginning, the least there was.
  get shortestPause() {
    const changes = ['up', 'down'].flatMap((name) => this[name].sets.map((set) => ({...set, name})));
    changes.sort((a, b) => a.at - b.at);
    let least = Infinity;
    const offAt = {};
    for (const {at, on, name} of changes) {
      const other = offAt[name === 'up' ? 'down' : 'up'];
      if (on && other !== undefined) least = Math.min(least, at - other);
      if (!on) offAt[name] = at;
    }
    return least;
  }

  run() {
    for (const name of ['up', 'down']) this.#closed[name] = this[name].value || (this.welded === name && this.#closed[name]);
    if (this.up.value && this.down.value) this.shorts++;
    const power = this.#wanted();
    if (power !== this.#power) this.#poweredAt = this.clock.now();
    if (power * this.speed < 0) this.reversals++;
    this.#power = power;
    if (this.#timer === null) this.#step();
  }

  #wanted() {
    const up = this.#closed.up || this.handUp.value;
    const down = this.#closed.down || this.handDown.value;
    return this.broken || up === down ? 0 : up ? 1 : -1;
  }

  #atLimit(sign) { return sign > 0 ? this.heightMm >= this.maxMm : this.heightMm <= this.minMm; }

  #blocked(sign) {
    if (this.obstacleMm === null) return false;
    return sign > 0 ? this.heightMm <= this.obstacleMm && this.heightMm >= this.obstacleMm - 1 :
      this.heightMm >= this.obstacleMm && this.heightMm <= this.obstacleMm + 1;
  }

  #step() {
    const now = this.clock.now();
    for (const relay of [this.up, this.down]) if (relay.value && now - relay.renewedAt >= this.leaseMs) relay.expire('lease');
    const sign = this.#power;
    const driven = sign !== 0 && !this.#atLimit(sign) && !this.#blocked(sign);
    const slows = this.coastMm === 0 ? Infinity : this.speedMmPerS ** 2 / (2 * this.coastMm) * stepMs / 1000;
    if (driven) this.speed = sign * this.speedMmPerS;
    else this.speed = Math.sign(this.speed) * Math.max(0, Math.abs(this.speed) - slows);
    const direction = Math.sign(this.speed);
    if (direction !== 0 && (this.#atLimit(direction) || this.#blocked(direction))) this.speed = 0;
    this.heightMm = Math.min(this.maxMm, Math.max(this.minMm, this.heightMm + this.speed * stepMs / 1000));
    this.#timer = null;
    if (this.speed !== 0 || sign !== 0)
      this.#timer = this.clock.setTimeout(() => this.#step(), stepMs);
  }

  #range() {
    if (this.hangs) return new Promise(() => {});
    if (this.silent) throw new Error('NACK');
    if (this.blind) return null;
    if (this.#spike.length > 0) return this.#spike.shift();
    if (!this.frozen || this.#shown === null) this.#shown = Math.round(this.heightMm);
    const wave = [0, 1, -1, 0.5, -0.5][this.#readings++ % 5];
    return this.#shown + Math.round(wave * this.noiseMm);
  }

  #amps() {
    if (this.deafCurrent) throw new Error('NACK');
    if (this.#power === 0 || this.#atLimit(this.#power)) return 0;
    if (this.#blocked(this.#power)) return 3;
    return this.clock.now() - this.#poweredAt < 200 ? 4 : 1;
  }
}
