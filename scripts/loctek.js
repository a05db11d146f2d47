// SPDX-License-Identifier: Apache-2.0
// A standing desk with a LoctekMotion controller (Flexispot, Fellowes, ...), on the second RJ45 jack of its
// control box: 9600 baud, 5 V levels, and PIN20, which wakes it. A Raspberry Pi is a 3.3 V device: use a
// level shifter for transmit, receive and PIN20 (active high), connect ground, and power the Pi by itself.
// Other plugs of the family carry 29 V beside these.
//
//   RJ45 (HS13B-1, HS01B-1): 4 PIN20, 5 from the controller, 6 to it, 7 ground, 8 +5 V
//
// Settings in loctek.toml; pin20 must be there, and minimum and maximum should be, for the controller does
// not tell them:
//
//   pin20 = "GPIO17"
//   port = "/dev/serial0"
//   min_mm = 600
//   max_mm = 1230
//   title = "Desk"              # as hubs show it; manufacturer, model, area likewise
//   keypad_port = ""            # a second port that hears the hand controller's keys
//   units = "auto"              # "cm", "inch": of the display
//   refresh_s = 0               # wake a sleeping desk this often to see whether it was moved; 0: never
//   run_s = 120                 # the motors may run this long ...
//   rest_s = 1080               # ... and then rest this long; run_s = 0: no limit
//   cover = true                # false: no cover, so that "close all covers" leaves the desk alone
//   offline_stop_ms = 5000      # a desk under way stops when the broker is away that long; 0: it arrives
//   max_moves_per_hour = 0      # 0: no limit
//   [presets]                   # default: the controller's four
//   sit = 720                   # millimetres
//   stand = "slot 3"            # or a height stored in the controller

import {Desk, exposeDesk} from 'deskd:desk';
import * as gpio from 'deskd:gpio';
import * as hub from 'deskd:hub';
import * as mqtt from 'deskd:mqtt';
import {log, onUnload, settings} from 'deskd:script';
import * as serial from 'deskd:serial';
import {HeldLine} from './lib/held_line.js';
import {loctekDesk} from './lib/loctek_desk.js';
import {failsafe, LoctekDriver} from './lib/loctek_driver.js';
import {framing} from './lib/loctek_frames.js';
import {loctekSettings} from './lib/loctek_settings.js';

const options = loctekSettings(settings);

const openPort = (path, more) => {
  const opened = serial.open({path, baudRate: 9600, framing, reconnect: true, ...more});
  return opened.catch((error) => {
    log.notice(`the settings beside this script name its serial ports (now "${path}"); ` +
      'ls /dev/serial0 /dev/serial/by-id shows what there is');
    throw error;
  });
};
const port = await openPort(options.port, {failsafe});
const keypad = options.keypadPort === null ? null : await openPort(options.keypadPort);

// If PIN20 falls while the desk travels to a stored height, the controller loses its position; if it stayed
// high for good, a hand controller could not wake the desk. So whatever ends this script leaves it as it is,
// and it begins high: an earlier run may have sent the desk on its way, and else that wakes it.
const openPin20 = (level) => gpio.output({line: options.pin20, initial: level, safe: level});
const pin20 = await HeldLine.open(openPin20, true);

const driver = new LoctekDriver({port, pin20, keypad, log, ...options.driver});
const desk = new Desk(driver, {...loctekDesk, ...options.desk});

desk.on('notice', (text) => log.notice(text));
desk.on('move', ({reason, heightMm}) => log.info(`move ended: ${reason}, at ${heightMm} mm`));
// Not when a move has ended: another one may have taken its place.
desk.on('change', () => { if (!desk.moving) driver.atRest(); });

// The desk must be at rest before the script ends, whatever ends it.
onUnload(async () => {
  try {
    const rest = Promise.race([desk.stop(), new Promise((resolve) => { setTimeout(resolve, 300); })]);
    await driver.shutDown();
    await rest;
  } finally {
    desk.close();
    port.close();
    if (keypad !== null) keypad.close();
    pin20.close();
  }
});

const device = hub.device(options.device);
const keys = ['up', 'down', 'preset-1', 'preset-2', 'preset-3', 'preset-4', 'm', 'alarm'];
const attributes = () => ({controller: 'loctek', goto: desk.goto});

// Hubs do not like a device that is there and has no height: give the controller a moment to wake.
await driver.known(3000);
exposeDesk(desk, {...options.hub, device, connection: mqtt, keys, attributes});
