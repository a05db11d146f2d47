// SPDX-License-Identifier: Apache-2.0
// A push button between a GPIO line and ground: an event for the hub when it is pressed, held and released,
// and whether it is down.
//
// Settings in button.toml, all optional:
//
//   line = "GPIO17"        # a line's name, CHIP:OFFSET or LABEL:OFFSET
//   bias = "pull-up"       # "disabled" with a resistor of your own; "pull-down" for a button to 3.3 V
//   active_low = true      # false for a button to 3.3 V
//   debounce_ms = 10       # contacts bounce: a level counts when it has lasted this long
//   hold_ms = 800          # pressed for longer is held

import * as gpio from 'deskd:gpio';
import * as hub from 'deskd:hub';
import {settings} from 'deskd:script';
import {scriptSettings} from './lib/script_settings.js';

const options = scriptSettings(settings,
  {line: 'GPIO17', bias: 'pull-up', active_low: true, debounce_ms: 10, hold_ms: 800});

const button = await gpio.input({
  line: options.line, bias: options.bias, activeLow: options.active_low, debounce: options.debounce_ms,
});
const device = hub.device();
const event = device.event('button', {deviceClass: 'button', eventTypes: ['press', 'hold', 'release']});
const pressed = device.binarySensor('pressed');
pressed.set(button.value);

let holding;
button.on('rising', () => {
  pressed.set(true);
  event.fire('press');
  holding = setTimeout(() => event.fire('hold'), options.hold_ms);
});
button.on('falling', () => {
  clearTimeout(holding);
  pressed.set(false);
  event.fire('release');
});
