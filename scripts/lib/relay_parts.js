// SPDX-License-Identifier: Apache-2.0
// What is connected to the Pi of a desk with two relays, opened as relay_settings.js says.

import * as gpio from 'deskd:gpio';
import * as i2c from 'deskd:i2c';
import {Ina219} from './ina219.js';
import {TravelTime} from './travel_time.js';
import {Ultrasonic} from './ultrasonic.js';
import {Vl53l0x} from './vl53l0x.js';
import {Vl53l1x} from './vl53l1x.js';

const chips = {vl53l0x: Vl53l0x, vl53l1x: Vl53l1x};

// {up, down}: both off, and deskd-guard sees to it that never both are on.
export async function openRelays({up, down, activeLow, leaseMs, maxOnMs, restMs, deadTimeMs}) {
  const options = {activeLow, initial: false, safe: false, lease: leaseMs, maxOn: maxOnMs, rest: restMs};
  const outputs = {
    up: await gpio.output({line: up, ...options}),
    down: await gpio.output({line: down, ...options}),
  };
  await gpio.interlock([outputs.up, outputs.down], {deadTime: deadTimeMs});
  return outputs;
}

/**
 * What the driver takes as range or time.
 * @param {ReturnType<typeof import('./relay_settings.js').relaySettings>['height']} height
 */
export async function openHeight(height, limits) {
  if (height.kind === 'time') {
    const {upMs, downMs, mostErrorMm} = height;
    return {time: new TravelTime({...limits, upMs, downMs}), homeMs: downMs, mostErrorMm};
  }
  const {offsetMm, everyMs} = height;
  const sensor = height.kind === 'ultrasonic' ? await openUltrasonic(height) : await openChip(height);
  return {range: {sensor, offsetMm, everyMs}};
}

async function openUltrasonic({trigger, echo}) {
  return new Ultrasonic({
    trigger: await gpio.output({line: trigger, initial: false, safe: false}),
    echo: await gpio.input({line: echo}),
  });
}

// Measures all the time, a little quicker than it is asked.
async function openChip({kind, bus, address, everyMs}) {
  const chip = new chips[kind](await i2c.open({bus, address}));
  return {
    begin: async () => {
      await chip.begin();
      await chip.start({periodMs: everyMs - 10});
    },
    read: () => chip.read(),
  };
}

export async function openCurrent({bus, address, shuntOhm}) {
  const chip = new Ina219(await i2c.open({bus, address}), {shuntOhm});
  return {begin: () => chip.begin(), read: async () => (await chip.measure()).currentA};
}

// {up, down}, as far as there are.
export async function openHands({lines, activeLow}) {
  const hands = {};
  for (const [direction, line] of Object.entries(lines)) {
    hands[direction] =
      await gpio.input({line, activeLow, bias: activeLow ? 'pull-up' : 'pull-down', debounce: 20});
  }
  return hands;
}
