// SPDX-License-Identifier: Apache-2.0
// ST VL53L0X: distance by the time that light takes, up to 2 m. Start, ready, read and clear as in
// pololu/vl53l0x-arduino and esphome's vl53l0x.
//
// Left out: the long list of tuning values that ST's API writes at start, its calibrations, and the timing
// budget. Without them the chip measures with what it has at power-on, at shorter range and with more noise.

import {requireId, systemClock, until} from './i2c_chip.js';

const register = {start: 0x00, periodMs: 0x04, clear: 0x0b, interrupt: 0x13, range: 0x1e, model: 0xc0};
const mode = {single: 0x01, continuous: 0x02, timed: 0x04};
const outOfRangeMm = 8190;
const everyMs = 5;

export class Vl53l0x {
  #device;
  #clock;
  #timeoutMs;
  #ranging = false;

  // `device` of deskd:i2c, at 0x29.
  constructor(device, {clock = systemClock, timeoutMs = 500} = {}) {
    this.#device = device;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  // Rejects with ERR_WRONG_CHIP if another chip answers.
  async begin() {
    requireId('VL53L0X', this.#device, await this.#device.readUint8(register.model), 0xee);
    await this.stop();
    await this.#clear();
  }

  // One range: millimetres, or null for nothing in range.
  async measure() {
    await this.#write(register.start, mode.single);
    await this.#wait('start', async () => (await this.#device.readUint8(register.start) & mode.single) === 0);
    return this.read();
  }

  // From now on a range each `periodMs`, or as fast as it can.
  async start({periodMs = 0} = {}) {
    if (periodMs > 0) await this.#device.writeRegister(register.periodMs, periodMs, {length: 4});
    await this.#write(register.start, periodMs > 0 ? mode.timed : mode.continuous);
    this.#ranging = true;
  }

  async stop() {
    // The single mode ends the others.
    await this.#write(register.start, this.#ranging ? mode.single : 0);
    this.#ranging = false;
  }

  // Waits for the next range: millimetres, or null for nothing in range. ETIMEDOUT if none comes.
  async read() {
    await this.#wait('range', async () => (await this.#device.readUint8(register.interrupt) & 0x07) !== 0);
    const mm = await this.#device.readUint16(register.range);
    await this.#clear();
    return mm >= outOfRangeMm ? null : mm;
  }

  #clear() { return this.#write(register.clear, 0x01); }

  #write(number, value) { return this.#device.writeRegister(number, value); }

  #wait(what, isDone) {
    return until(this.#clock, isDone, {everyMs, withinMs: this.#timeoutMs, what: `VL53L0X: ${what}`});
  }
}
