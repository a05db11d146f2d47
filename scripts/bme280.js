// SPDX-License-Identifier: Apache-2.0
// Temperature, humidity and air pressure from a Bosch BME280, or without humidity from a BMP280.
//
// Settings in bme280.toml, all optional:
//
//   bus = 1             # /dev/i2c-1, the one on a Raspberry Pi's header
//   address = 0x76      # or 0x77
//   interval_s = 30     # between measurements

import * as hub from 'deskd:hub';
import * as i2c from 'deskd:i2c';
import {log, onUnload, settings} from 'deskd:script';
import {Bme280} from './lib/bme280.js';

const {bus = 1, address = 0x76, interval_s: intervalS = 30} = settings;
if (!(intervalS >= 1 && intervalS <= 86400))
  throw new RangeError(`setting interval_s: expected a number from 1 to 86400, found ${intervalS}`);

const opened = await i2c.open({bus, address});
/** @type {Bme280 | null} */
let sensor = null;    // while the chip answers
/** @type {ReturnType<typeof declare> | null} */
let entities = null;
let timer;

// Hubs learn of the humidity only where there is one.
function declare(model, hasHumidity) {
  const device = hub.device({manufacturer: 'Bosch', model});
  const sensorOf = (property, deviceClass, unit) =>
    device.sensor(property, {deviceClass, unit, stateClass: 'measurement', precision: 1});
  return {
    device,
    temperature: sensorOf('temperature', 'temperature', '\u00b0C'),
    pressure: sensorOf('pressure', 'atmospheric_pressure', 'hPa'),
    humidity: hasHumidity ? sensorOf('humidity', 'humidity', '%') : null,
  };
}

async function measure() {
  const fresh = sensor ?? new Bme280(opened);
  if (sensor === null) await fresh.begin();
  const {temperatureC, pressurePa, humidityPercent} = await fresh.measure();
  if (sensor === null) log.info(`${fresh.model} at 0x${address.toString(16)} answers`);
  entities ??= declare(fresh.model, fresh.hasHumidity);
  entities.temperature.set(temperatureC);
  entities.pressure.set(pressurePa === null ? null : pressurePa / 100);
  entities.humidity?.set(humidityPercent);
  if (sensor === null) entities.device.available(true);
  sensor = fresh;
}

// A sensor that is unplugged is looked for at each interval; what fails twice is said once.
let complained = false;
async function round() {
  try {
    await measure();
    complained = false;
  } catch (error) {
    if (opened.closed) return;
    if (!complained) log.warning(`no measurement, ${error.code ?? error.name}: ${error.message}`);
    complained = true;
    sensor = null;
    entities?.device.available(false);
  }
  if (!opened.closed) timer = setTimeout(round, intervalS * 1000);
}

onUnload(() => {
  clearTimeout(timer);
  opened.close();
});

round();
