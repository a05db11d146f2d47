// SPDX-License-Identifier: Apache-2.0
// deskd:serial

import * as native from 'native:serial';
import {toBytes} from './bytes.js';
import {requireKnown} from './errors.js';
import {SerialPort} from './serial_port.js';

export {SerialPort};

// The native side checks values.
const portOptions = ['path', 'baudRate', 'dataBits', 'parity', 'stopBits', 'exclusive', 'dtr', 'rts', 'hupcl',
  'reconnect', 'framing'];
const framingOptions = [
  'type', 'max', 'length', 'bytes', 'keep', 'start', 'end', 'lengthAt', 'lengthField', 'extra', 'checksum',
  'checksumFrom', 'idle', 'ms', 'chars'
];

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
