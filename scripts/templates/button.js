// SPDX-License-Identifier: Apache-2.0
// A push button between a GPIO line and ground: each press is an event for the hub, and toggles a light.

import * as gpio from 'deskd:gpio';
import * as hub from 'deskd:hub';
import {log, settings} from 'deskd:script';

const button = await gpio.input({
  line: settings.button,
  bias: 'pull-up',
  activeLow: true,                // pressed is low: `value` is true then, and 'rising' is a press
  debounce: settings.debounce_ms,  // contacts bounce
});
const light = await gpio.output({line: settings.light, initial: false, safe: false});

const device = hub.device();
const pressed = device.event('button', {deviceClass: 'button', eventTypes: ['press']});

button.on('rising', async () => {
  pressed.fire('press');
  await light.set(!light.value);
  log.info(`the light is ${light.value ? 'on' : 'off'}`);
});
