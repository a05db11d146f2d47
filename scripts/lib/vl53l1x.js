// SPDX-License-Identifier: Apache-2.0
// ST VL53L1X: distance by the time that light takes, up to 4 m. Reset, start, ready, read and clear as in
// pololu/vl53l1x-arduino.
//
// Left out: the settings that ST's API writes at start (distance mode, timing budget, thresholds) and its
// calibration while running. The chip measures with what it has after a reset.

import {requireId, sleep, systemClock, until} from './i2c_chip.js';

const register = {
  reset: 0x0000, pinControl: 0x0030, pinStatus: 0x0031, periodMs: 0x006c, clear: 0x0086, start: 0x0087,
  result: 0x0089, oscillator: 0x00de, booted: 0x00e5, model: 0x010f,
};
const mode = {single: 0x10, timed: 0x40, stop: 0x80};
const activeLow = 0x10;
const complete = 9;           // the range's status, of which the others mean that there is none
const resultBytes = 17;
const rangeAt = 13;
const gain = 2011 / 2048;     // of ST's API
const everyMs = 5;
const wide = {registerBytes: 2};

export class Vl53l1x {
  #device;
  #clock;
  #timeoutMs;
  #readyLevel = 0;
  #oscillator = 0;

  // `device` of deskd:i2c, at 0x29.
  constructor(device, {clock = systemClock, timeoutMs = 500} = {}) {
    this.#device = device;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  // Resets the chip. Rejects with ERR_WRONG_CHIP if another one answers.
  async begin() {
    requireId('VL53L1X', this.#device, await this.#device.readUint16(register.model, wide), 0xeacc);
    await this.#write(register.reset, 0x00);
    await sleep(this.#clock, 1);
    await this.#write(register.reset, 0x01);
    await sleep(this.#clock, 2);  // it does not acknowledge before
    await this.#wait('start', async () => (await this.#device.readUint8(register.booted, wide) & 1) !== 0);
    this.#readyLevel = (await this.#device.readUint8(register.pinControl, wide) & activeLow) !== 0 ? 0 : 1;
    this.#oscillator = await this.#device.readUint16(register.oscillator, wide);
  }

  // One range: millimetres, or null for nothing in range.
  async measure() {
    await this.#clear();
    await this.#write(register.start, mode.single);
    return this.read();
  }

  // From now on a range each `periodMs`.
  async start({periodMs = 100} = {}) {
    await this.#device.writeRegister(register.periodMs, periodMs * this.#oscillator, {...wide, length: 4});
    await this.#clear();
    await this.#write(register.start, mode.timed);
  }

  async stop() { await this.#write(register.start, mode.stop); }

  // Waits for the next range: millimetres, or null for nothing in range. ETIMEDOUT if none comes.
  async read() {
    await this.#wait('range', async () =>
      (await this.#device.readUint8(register.pinStatus, wide) & 1) === this.#readyLevel);
    const result = await this.#device.readRegister(register.result, {...wide, length: resultBytes});
    await this.#clear();
    if (result[0] !== complete) return null;
    return Math.round((result[rangeAt] << 8 | result[rangeAt + 1]) * gain);
  }

  #clear() { return this.#write(register.clear, 0x01); }

  #write(number, value) { return this.#device.writeRegister(number, value, wide); }

  #wait(what, isDone) {
    return until(this.#clock, isDone, {everyMs, withinMs: this.#timeoutMs, what: `VL53L1X: ${what}`});
  }
}
