// SPDX-License-Identifier: Apache-2.0
// An output that is on from one time of the day to another, and switched by the hub in between.

import * as cron from 'deskd:cron';
import * as gpio from 'deskd:gpio';
import * as hub from 'deskd:hub';
import {log, settings} from 'deskd:script';

const output = await gpio.output({line: settings.line, initial: false, safe: false});

const power = hub.device().switch('power', {onCommand: set});
power.set(false);

async function set(on) {
  await output.set(on);
  power.set(on);
}

// A schedule waits until the clock is synchronised: a Raspberry Pi has no clock battery. With a name and
// `missed: 'run'` it makes up for the time when the script was not running.
const on = cron.schedule(settings.on, () => set(true), {name: 'on', missed: 'run'});
const off = cron.schedule(settings.off, () => set(false), {name: 'off', missed: 'run'});

log.info(`on next: ${on.next ?? 'when the clock is right'}; off next: ${off.next ?? 'likewise'}`);
