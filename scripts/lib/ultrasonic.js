// SPDX-License-Identifier: Apache-2.0
// HC-SR04: distance by the time that sound takes, 2 cm to 4 m. A pulse on `trigger` asks, one on `echo` lasts
// as long as the sound was on its way. The times are the kernel's: what else the script does, does not count.
//
// Its echo is a 5 V signal: divide it (1 kOhm and 2 kOhm) before it reaches a Raspberry Pi.

import {chipError} from './i2c_chip.js';
import {systemClock} from './timers.js';

const mmPerMs = 171.5;  // 343 m/s, there and back
const farthestMm = 4000;
const triggerMs = 1;    // 10 us would do
const withinMs = 80;    // it gives up after 38 ms

export class Ultrasonic {
  #trigger;
  #echo;
  #clock;

  // Output and input of deskd:gpio. Ask each 60 ms at most, or it hears its own last echo.
  constructor({trigger, echo, clock = systemClock}) {
    this.#trigger = trigger;
    this.#echo = echo;
    this.#clock = clock;
  }

  async begin() {}

  // Resolves with millimetres, or null for nothing in range. ETIMEDOUT if it does not answer.
  async read() {
    let rose = null;
    let timer;
    const unsubscribe = [];
    const measured = new Promise((resolve, reject) => {
      unsubscribe.push(
        this.#echo.on('rising', ({timestampMs}) => { rose = timestampMs; }),
        this.#echo.on('falling', ({timestampMs}) => { if (rose !== null) resolve(timestampMs - rose); }));
      timer = this.#clock.setTimeout(() => reject(chipError('ETIMEDOUT',
        `ultrasonic sensor: expected an echo within ${withinMs} ms, found ` +
        (rose === null ? 'none: are trigger and echo right?' : 'one that does not end'))), withinMs);
    });
    try {
      await Promise.all([this.#trigger.pulse(triggerMs), measured]);
    } finally {
      this.#clock.clearTimeout(timer);
      for (const stop of unsubscribe) stop();
    }
    const mm = (await measured) * mmPerMs;
    return mm > farthestMm ? null : Math.round(mm);
  }
}
