// SPDX-License-Identifier: Apache-2.0
// deskd:serial

import * as native from 'native:serial';
import {toBytes} from './bytes.js';
import {numberOption, requireKnown} from './errors.js';
import {protect, SerialPort} from './serial_port.js';

export {SerialPort};

// The native side checks values.
const portOptions = ['path', 'baudRate', 'dataBits', 'parity', 'stopBits', 'exclusive', 'dtr', 'rts', 'hupcl',
  'reconnect', 'framing', 'failsafe'];
const framingOptions = [
  'type', 'max', 'length', 'bytes', 'keep', 'start', 'end', 'lengthAt', 'lengthField', 'extra', 'checksum',
  'checksumFrom', 'idle', 'ms', 'chars'
];

// Opens the device; rejects with the system's code (ENOENT, EACCES, EBUSY) if that fails.
export async function open(options) {
  requireKnown(options, portOptions, 'open');
  if (options.framing !== undefined) requireKnown(options.framing, framingOptions, 'framing');
  const failsafe = failsafeOf(options);
  const port = new SerialPort(String(options.path), (callbacks) => native.open(options, callbacks));
  if (failsafe !== null) {
    try {
      await protect(port, failsafe, native.guardAvailable());
    } catch (error) {
      port.close();
      throw error;
    }
  }
  return port;
}

// What stops the device: {bytes, leaseMs}; null if nothing was said of it.
function failsafeOf({failsafe}) {
  if (failsafe === undefined) return null;
  requireKnown(failsafe, ['bytes', 'lease'], 'failsafe');
  const bytes = toBytes(failsafe.bytes, 'failsafe: bytes');
  if (bytes.length < 1 || bytes.length > 64)
    throw new RangeError(`failsafe: bytes: expected 1 to 64 bytes, found ${bytes.length}`);
  const leaseMs = numberOption(failsafe.lease, 'failsafe: lease', {min: 20, max: 600000, integer: true});
  if (leaseMs === undefined) throw new TypeError('failsafe: lease: expected milliseconds, found undefined');
  return {bytes, leaseMs};
}

export const sum8 = (bytes) => native.checksum('sum8', toBytes(bytes, 'sum8'));
export const xor8 = (bytes) => native.checksum('xor8', toBytes(bytes, 'xor8'));
export const crc8 = (bytes) => native.checksum('crc8', toBytes(bytes, 'crc8'));
export const crc16Modbus = (bytes) => native.checksum('crc16-modbus', toBytes(bytes, 'crc16Modbus'));
export const checksum = Object.freeze({sum8, xor8, crc8, crc16Modbus});
