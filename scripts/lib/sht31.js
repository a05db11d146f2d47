// SPDX-License-Identifier: Apache-2.0
// Sensirion SHT31 (SHT30, SHT35): temperature and humidity, one measurement at a time.

import {checksum} from 'deskd:serial';
import {chipError, sleep, systemClock} from './i2c_chip.js';

const measure = [0x24, 0x00];  // high repeatability, without stretching the clock
const measureMs = 16;          // 15 at most

function word(bytes, at) {
  const expected = checksum.crc8(bytes.subarray(at, at + 2));
  if (bytes[at + 2] !== expected)
    throw chipError('ERR_BUS', `SHT31: checksum: expected ${expected}, found ${bytes[at + 2]}`);
  return bytes[at] << 8 | bytes[at + 1];
}

export class Sht31 {
  #device;
  #clock;

  // `device` of deskd:i2c, at 0x44 or 0x45.
  constructor(device, {clock = systemClock} = {}) {
    this.#device = device;
    this.#clock = clock;
  }

  // Resolves with {temperatureC, humidityPercent}.
  async measure() {
    await this.#device.write(measure);
    await sleep(this.#clock, measureMs);
    // It does not acknowledge before it is done.
    const bytes = await this.#device.read(6, {retries: 5, retryNack: true});
    return {temperatureC: 175 * word(bytes, 0) / 65535 - 45, humidityPercent: 100 * word(bytes, 3) / 65535};
  }
}
