// SPDX-License-Identifier: Apache-2.0
// Whether somebody is there: an HLK-LD2410 radar on a serial port. 5 V supply, 3.3 V levels: its TX goes to
// the Pi's RX directly. It sees people who sit still, through a desk's top too.
//
// Settings in presence-ld2410.toml, all optional:
//
//   port = "/dev/serial0"
//   baud_rate = 256000
//   hold_s = 30                 # somebody is there until nobody has been seen for this long
//   farthest_cm = 1000          # what is farther away does not count
//   update_ms = 1000            # distances are published this often at most ...
//   step_cm = 10                # ... and when they have changed by this at least
//   title = "Presence"          # as hubs show it; manufacturer, model, area likewise

import * as hub from 'deskd:hub';
import {log, onUnload, settings} from 'deskd:script';
import * as serial from 'deskd:serial';
import {decodeReport, framing} from './lib/ld2410_frames.js';
import {Presence} from './lib/presence.js';
import {presenceSettings} from './lib/presence_settings.js';

const options = presenceSettings(settings);
const {port: path, baudRate} = options;

const port = await serial.open({path, baudRate, framing, reconnect: true}).catch((error) => {
  log.notice(`the settings beside this script name its serial port (now port = "${path}"); ` +
    'ls /dev/serial0 /dev/serial/by-id shows what there is');
  throw error;
});

const presence = new Presence(hub.device(options.device), options.presence);

port.on('frame', (bytes) => {
  const report = decodeReport(bytes);
  if (report !== null) presence.report(report);
});
port.on('disconnect', (error) => {
  log.warning(error.message);
  presence.lost();
});

onUnload(() => {
  presence.close();
  port.close();
});
