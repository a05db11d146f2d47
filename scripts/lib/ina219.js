// SPDX-License-Identifier: Apache-2.0
// TI INA219: voltage of a supply, and the current through a shunt in its line. It measures all the time; what
// is read is at most 2 ms old. The current is computed here, so that a chip which has lost its calibration in
// a dip of its supply does not report one of 0.

import {chipError} from './i2c_chip.js';

const config = 0x399f;  // as at power-on: up to 32 V, shunt up to 320 mV, 12 bits, continuous
const shuntLsbV = 0.00001;
const busLsbV = 0.004;

export class Ina219 {
  #device;
  #shuntOhm;

  // `device` of deskd:i2c, at 0x40 to 0x4f.
  constructor(device, {shuntOhm = 0.1} = {}) {
    if (!(shuntOhm > 0)) throw new RangeError(`shuntOhm: expected a number above 0, found ${shuntOhm}`);
    this.#device = device;
    this.#shuntOhm = shuntOhm;
  }

  async begin() {
    await this.#device.writeRegister(0, config, {length: 2});
    const found = await this.#device.readUint16(0);
    if (found !== config) {
      throw chipError('ERR_WRONG_CHIP', `INA219 at 0x${this.#device.address.toString(16)}: ` +
        `expected to read back 0x${config.toString(16)}, found 0x${found.toString(16)}`);
    }
  }

  // Resolves with {busV, shuntV, currentA, powerW, ready}; `ready` is false before the first conversion.
  async measure() {
    const shuntV = await this.#device.readInt16(1) * shuntLsbV;
    const bus = await this.#device.readUint16(2);
    const busV = (bus >> 3) * busLsbV;
    const currentA = shuntV / this.#shuntOhm;
    return {busV, shuntV, currentA, powerW: busV * currentA, ready: (bus & 2) !== 0};
  }
}
