// SPDX-License-Identifier: Apache-2.0
// A standing desk with a Jiecang controller (Uplift, Fully Jarvis, Desky, Maidesite, Omnidesk, ...) on its
// RJ12 port: 9600 baud, 5 V levels. A Raspberry Pi is a 3.3 V device: use a level shifter, connect ground,
// transmit and receive, and power the Pi by itself.
//
// Settings in jiecang.toml, all optional:
//
//   port = "/dev/serial0"
//   title = "Desk"              # as hubs show it; manufacturer, model, area likewise
//   min_mm = 650                # limits narrower than the controller's own
//   max_mm = 1250
//   goto = "auto"               # "step": never use the controller's own goto command
//   cover = true                # false: no cover, so that "close all covers" leaves the desk alone
//   offline_stop_ms = 5000      # a desk under way stops when the broker is away that long; 0: it arrives
//   max_moves_per_hour = 0      # 0: no limit
//   [presets]                   # default: the controller's four
//   sit = 720                   # millimetres
//   stand = "slot 2"            # or a height stored in the controller

import {Desk, exposeDesk} from 'deskd:desk';
import * as hub from 'deskd:hub';
import * as mqtt from 'deskd:mqtt';
import {log, onUnload, settings} from 'deskd:script';
import * as serial from 'deskd:serial';
import {deskSettings} from './lib/desk_settings.js';
import {failsafe, JiecangDriver} from './lib/jiecang_driver.js';
import {framing} from './lib/jiecang_frames.js';

const stored = {'preset 1': 'slot 1', 'preset 2': 'slot 2', 'preset 3': 'slot 3', 'preset 4': 'slot 4'};
const options = deskSettings(settings, {port: '/dev/serial0', manufacturer: 'Jiecang', presets: stored});

const opened = serial.open({path: options.port, baudRate: 9600, framing, failsafe, reconnect: true});
const port = await opened.catch((error) => {
  log.notice(`the settings beside this script name its serial port (now port = "${options.port}"); ` +
    'ls /dev/serial0 /dev/serial/by-id shows what there is');
  throw error;
});
const driver = new JiecangDriver({port, log, native: options.native, ...options.limits});
// 2B stops hard, without a ramp. Frames carry a checksum, so an odd height is a fast desk rather than a
// glitch.
const desk = new Desk(driver, {coastMm: 1, fastestMmPerS: 500, ...options.desk});

desk.on('notice', (text) => log.notice(text));
desk.on('move', ({reason, heightMm}) => log.info(`move ended: ${reason}, at ${heightMm} mm`));
// Not when a move has ended: another one may have taken its place, and the desk travels on.
desk.on('change', () => { if (!desk.moving) driver.atRest(); });

// The desk must be at rest before the script ends, whatever ends it.
onUnload(async () => {
  try {
    const rest = Promise.race([desk.stop(), new Promise((resolve) => { setTimeout(resolve, 500); })]);
    await driver.shutDown();
    await rest;
  } finally {
    desk.close();
    port.close();
  }
});

const device = hub.device(options.device);
const keys = ['up', 'down', 'preset-1', 'preset-2', 'preset-3', 'preset-4'];
const attributes = () => ({controller: 'jiecang', goto: desk.goto});

// Hubs do not like a range that changes: give the controller a moment to tell its limits and height.
await driver.known(1500);
exposeDesk(desk, {...options.hub, device, connection: mqtt, keys, attributes});
