// SPDX-License-Identifier: Apache-2.0
// A device on a serial port that sends lines of text: each number becomes a value of the hub's sensor.

import * as hub from 'deskd:hub';
import {log, settings} from 'deskd:script';
import * as serial from 'deskd:serial';

const port = await serial.open({
  path: settings.port,
  baudRate: settings.baud_rate,
  framing: {type: 'delimiter', bytes: [0x0a], max: 256},  // a frame is a line
});

const device = hub.device();
const sensor = device.sensor('value', {stateClass: 'measurement'});

port.on('frame', (bytes) => {
  const line = new TextDecoder().decode(bytes).trim();
  const value = Number(line);
  if (line === '' || Number.isNaN(value)) log.notice(`expected a number, found "${line}"`);
  else sensor.set(value);
});

// The port is opened again by itself when the device is back.
port.on('disconnect', () => device.available(false));
port.on('reconnect', () => device.available(true));
