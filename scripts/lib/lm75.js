// SPDX-License-Identifier: Apache-2.0
// LM75 and its kin: temperature. Those with 9 or 11 bits leave the rest 0.

export class Lm75 {
  #device;

  // `device` of deskd:i2c, at 0x48 to 0x4f.
  constructor(device) { this.#device = device; }

  async measure() { return {temperatureC: await this.#device.readInt16(0) / 256}; }
}
