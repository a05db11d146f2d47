// SPDX-License-Identifier: Apache-2.0
// Settings of loctek.js beyond those that all desk scripts have.

import {deskSettings, expected, number, text} from './desk_settings.js';

const kinds = {
  pin20: text, keypad_port: text, units: text, refresh_s: number, run_s: number, rest_s: number,
};
const unitNames = ['auto', 'cm', 'inch'];
const stored = {'preset 1': 'slot 1', 'preset 2': 'slot 2', 'preset 3': 'slot 3', 'preset 4': 'slot 4'};

function seconds(value, name, fallback) {
  if (value === undefined) return fallback * 1000;
  if (value >= 0 && value <= 86400) return value * 1000;
  throw expected(name, 'seconds from 0 to 86400', value, loctekSettings);
}

// Returns what deskSettings does, and {pin20, keypadPort, driver}.
export function loctekSettings(settings) {
  const defaults = {port: '/dev/serial0', manufacturer: 'LoctekMotion', presets: stored};
  const options = deskSettings(settings, defaults, kinds);
  const {pin20, keypad_port: keypadPort = null, units = 'auto'} = settings;
  if (pin20 === undefined || pin20 === '') {
    throw expected('pin20', 'the line that is connected to PIN20 of the controller, such as "GPIO17"', pin20,
      loctekSettings);
  }
  if (!unitNames.includes(units)) {
    throw expected('units', `one of ${unitNames.join(', ')}`, units, loctekSettings);
  }
  return {
    ...options, pin20, keypadPort,
    driver: {
      units,
      refreshMs: seconds(settings.refresh_s, 'refresh_s', 0),
      duty: {onMs: seconds(settings.run_s, 'run_s', 120), offMs: seconds(settings.rest_s, 'rest_s', 1080)},
    },
  };
}
