// SPDX-License-Identifier: Apache-2.0
// A temperature sensor on the I2C bus, an LM75 or one of its kin, as a sensor of the hub.

import * as hub from 'deskd:hub';
import * as i2c from 'deskd:i2c';
import {log, settings} from 'deskd:script';

const {bus, address, interval_s: intervalS} = settings;
const chip = await i2c.open({bus, address});

const device = hub.device();
const temperature = device.sensor('temperature', {
  deviceClass: 'temperature', unit: '\u00b0C', stateClass: 'measurement', precision: 1,
});

async function measure() {
  try {
    const celsius = await chip.readInt16(0) / 256;  // register 0, in steps of 1/256 degree
    log.debug(`${celsius} degrees`);
    temperature.set(celsius);
    device.available(true);
  } catch (error) {
    log.warning(`no measurement: ${error.message}`);
    device.available(false);  // hubs show that there is none
  }
  setTimeout(measure, intervalS * 1000);
}

await measure();
