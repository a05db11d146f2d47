// SPDX-License-Identifier: Apache-2.0
// Bosch BME280 (temperature, pressure, humidity) and BMP280 (no humidity): one measurement at a time, the
// chip sleeps in between. Compensation as in Bosch's data sheet (BST-BME280-DS002, the formulas with
// doubles).

import {requireId, sleep, systemClock, until} from './i2c_chip.js';

const idBme280 = 0x60;
const idBmp280 = 0x58;
const reset = [0xe0, 0xb6];
const copying = 0x01;    // status: takes over its calibration
const measuring = 0x08;
const measureMs = 10;    // each quantity once: 9.3 ms at most
const forced = 0x25;     // temperature and pressure once, now

function temperatureCalibration(view) {
  return {t1: view.getUint16(0, true), t2: view.getInt16(2, true), t3: view.getInt16(4, true)};
}

function pressureCalibration(view) {
  const [p2, p3, p4, p5, p6, p7, p8, p9] =
    Array.from({length: 8}, (_, index) => view.getInt16(8 + 2 * index, true));
  return {p1: view.getUint16(6, true), p2, p3, p4, p5, p6, p7, p8, p9};
}

function humidityCalibration(h1, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    h1, h2: view.getInt16(0, true), h3: view.getUint8(2),
    // Two signed numbers of 12 bits share the byte between them.
    h4: view.getInt8(3) * 16 + (view.getUint8(4) & 0x0f),
    h5: view.getInt8(5) * 16 + (view.getUint8(4) >> 4),
    h6: view.getInt8(6),
  };
}

function fineTemperature({t1, t2, t3}, raw) {
  const a = (raw / 16384 - t1 / 1024) * t2;
  return a + (raw / 131072 - t1 / 8192) ** 2 * t3;
}

function pressurePa({p1, p2, p3, p4, p5, p6, p7, p8, p9}, raw, fine) {
  let a = fine / 2 - 64000;
  let b = a * a * p6 / 32768 + a * p5 * 2;
  b = b / 4 + p4 * 65536;
  a = (p3 * a * a / 524288 + p2 * a) / 524288;
  a = (1 + a / 32768) * p1;
  if (a === 0) return null;
  const p = (1048576 - raw - b / 4096) * 6250 / a;
  return p + (p9 * p * p / 2147483648 + p * p8 / 32768 + p7) / 16;
}

function humidityPercent({h1, h2, h3, h4, h5, h6}, raw, fine) {
  const x = fine - 76800;
  const h = (raw - (h4 * 64 + h5 / 16384 * x)) *
    (h2 / 65536 * (1 + h6 / 67108864 * x * (1 + h3 / 67108864 * x)));
  return Math.min(Math.max(h * (1 - h1 * h / 524288), 0), 100);
}

/**
 * @typedef {object} Calibration
 * @property {ReturnType<typeof temperatureCalibration>} temperature
 * @property {ReturnType<typeof pressureCalibration>} pressure
 * @property {ReturnType<typeof humidityCalibration> | null} humidity
 */

export class Bme280 {
  #device;
  #clock;
  /** @type {Calibration | null} */
  #calibration = null;

  // `device` of deskd:i2c, at 0x76 or 0x77.
  constructor(device, {clock = systemClock} = {}) {
    this.#device = device;
    this.#clock = clock;
  }

  // Looks for the chip, and reads its calibration. Rejects with ERR_WRONG_CHIP if another one answers.
  async begin() {
    const id = await this.#device.readUint8(0xd0);
    requireId('BME280', this.#device, id, idBme280, idBmp280);
    await this.#device.write(reset);
    await sleep(this.#clock, 2);
    await until(this.#clock, async () => (await this.#device.readUint8(0xf3) & copying) === 0,
      {everyMs: 2, withinMs: 100, what: 'BME280: start'});
    const bytes = await this.#device.readRegister(0x88, {length: 26});
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#calibration = {
      temperature: temperatureCalibration(view), pressure: pressureCalibration(view),
      humidity: id !== idBme280 ? null :
        humidityCalibration(bytes[25], await this.#device.readRegister(0xe1, {length: 7})),
    };
  }

  get model() { return this.hasHumidity ? 'BME280' : 'BMP280'; }
  get hasHumidity() { return this.#calibration?.humidity != null; }

  // Resolves with {temperatureC, pressurePa, humidityPercent}; the last is null for a BMP280.
  async measure() {
    if (this.#calibration === null) await this.begin();
    const calibration = /** @type {Calibration} */ (this.#calibration);
    // Registers and values come in pairs. The first takes effect with the second.
    await this.#device.write(calibration.humidity ? [0xf2, 0x01, 0xf4, forced] : [0xf4, forced]);
    await sleep(this.#clock, measureMs);
    await until(this.#clock, async () => (await this.#device.readUint8(0xf3) & measuring) === 0,
      {everyMs: 2, withinMs: 100, what: 'BME280: measurement'});
    const data = await this.#device.readRegister(0xf7, {length: calibration.humidity ? 8 : 6});
    const raw20 = (at) => data[at] << 12 | data[at + 1] << 4 | data[at + 2] >> 4;
    const fine = fineTemperature(calibration.temperature, raw20(3));
    return {
      temperatureC: fine / 5120,
      pressurePa: pressurePa(calibration.pressure, raw20(0), fine),
      humidityPercent: calibration.humidity &&
        humidityPercent(calibration.humidity, data[6] << 8 | data[7], fine),
    };
  }
}
