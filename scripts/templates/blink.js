// SPDX-License-Identifier: Apache-2.0
// A light on a GPIO line that blinks; the hub switches it on and off.

import * as gpio from 'deskd:gpio';
import * as hub from 'deskd:hub';
import {settings} from 'deskd:script';

// `safe` is what the line is driven to when the script ends, whatever ends it.
const led = await gpio.output({line: settings.line, initial: false, safe: false});

const blinking = hub.device().switch('blinking', {
  onCommand: (on) => (on ? start() : stop()),
});

let timer;

function start() {
  clearInterval(timer);
  timer = setInterval(() => led.set(!led.value), settings.half_period_ms);
  blinking.set(true);
}

async function stop() {
  clearInterval(timer);
  await led.set(false);
  blinking.set(false);
}

start();
