// SPDX-License-Identifier: Apache-2.0
// deskd:i2c

import * as native from 'native:i2c';
import {describe, numberOption, requireKnown} from './errors.js';
import {deviceSettings, I2cDevice} from './i2c_device.js';

export {I2cDevice};

function busName(bus) {
  if (typeof bus === 'string' && bus !== '') return bus;
  if (Number.isInteger(bus) && bus >= 0) return String(bus);
  throw new TypeError(
    `bus: expected a number or a name ("i2c-1", "/dev/i2c-1"), found ${describe(bus)}`);
}

// Opens the bus for one device; nothing is sent to the device. Rejects with the system's code (ENOENT,
// EACCES) if that fails.
export async function open(options) {
  requireKnown(options, ['bus', 'address', 'tenBit', 'pec', 'timeout', 'retries', 'retryNack'], 'open');
  const bus = busName(options.bus);
  const settings = deviceSettings(options);
  return new I2cDevice(bus, settings, await native.open(bus));
}

// The addresses from 0x08 to 0x77 that answer.
export async function scan(bus, options = {}) {
  requireKnown(options, ['timeout'], 'scan');
  const timeout =
    numberOption(options.timeout, 'timeout', {min: 1, max: 600000, fallback: 10000, integer: true});
  const opened = await native.open(busName(bus));
  try {
    return await opened.scan(timeout);
  } finally {
    opened.close();
  }
}
