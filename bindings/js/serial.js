// SPDX-License-Identifier: Apache-2.0
// deskd:serial

import * as native from 'native:serial';
import {toBytes} from './bytes.js';
import {describe} from './errors.js';
import {SerialPort} from './serial_port.js';

export {SerialPort};

// The native side checks values; a name that it does not know would be a default in disguise.
const portOptions = ['path', 'baudRate', 'dataBits', 'parity', 'stopBits', 'exclusive', 'dtr', 'rts', 'hupcl',
  'reconnect', 'framing'];
const framingOptions = [
  'type', 'max', 'length', 'bytes', 'keep', 'start', 'end', 'lengthAt', 'lengthField', 'extra', 'checksum',
  'checksumFrom', 'idle', 'ms', 'chars'
];

function requireKnown(options, known, what) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${what}: expected an object, found ${describe(options)}`);
  }
  const odd = Object.keys(options).find((key) => !known.includes(key));
  if (odd !== undefined)
    throw new TypeError(`${what}: expected one of ${known.join(', ')}, found ${describe(odd)}`);
}

// Opens the device; rejects with the system's code (ENOENT, EACCES, EBUSY) if that fails.
export async function open(options) {
  requireKnown(options, portOptions, 'open');
  if (options.framing !== undefined) requireKnown(options.framing, framingOptions, 'framing');
  return new SerialPort(String(options.path), (callbacks) => native.open(options, callbacks));
}

export const sum8 = (bytes) => native.checksum('sum8', toBytes(bytes, 'sum8'));
export const xor8 = (bytes) => native.checksum('xor8', toBytes(bytes, 'xor8'));
export const crc8 = (bytes) => native.checksum('crc8', toBytes(bytes, 'crc8'));
export const crc16Modbus = (bytes) => native.checksum('crc16-modbus', toBytes(bytes, 'crc16Modbus'));
export const checksum = Object.freeze({sum8, xor8, crc8, crc16Modbus});
