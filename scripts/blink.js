// SPDX-License-Identifier: Apache-2.0
// A light on a GPIO line (an LED with its resistor) that blinks; a switch in the hub turns it on and off.
//
// Settings in blink.toml, all optional:
//
//   line = "GPIO27"        # a line's name, CHIP:OFFSET or LABEL:OFFSET
//   active_low = false     # true if the LED is between the line and 3.3 V
//   on_ms = 500
//   off_ms = 500

import * as gpio from 'deskd:gpio';
import * as hub from 'deskd:hub';
import {settings} from 'deskd:script';
import {scriptSettings} from './lib/script_settings.js';

const options = scriptSettings(settings, {line: 'GPIO27', active_low: false, on_ms: 500, off_ms: 500});

const led = await gpio.output({
  line: options.line, activeLow: options.active_low, initial: false, safe: false,
});

let next;
async function blink() {
  await led.set(!led.value);
  next = setTimeout(blink, led.value ? options.on_ms : options.off_ms);
}

const blinking = hub.device().switch('blinking', {
  async onCommand(on) {
    clearTimeout(next);
    if (on) await blink();
    else await led.set(false);
    blinking.set(on);
  },
});
await blink();
blinking.set(true);
