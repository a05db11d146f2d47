// SPDX-License-Identifier: Apache-2.0
// deskd:serial

import * as native from 'native:serial';
import {toBytes} from './bytes.js';
import {SerialPort} from './serial_port.js';

export {SerialPort};

// Opens the device; rejects with the system's code (ENOENT, EACCES, EBUSY) if that fails.
export async function open(options) {
  return new SerialPort(String(options && options.path), (callbacks) => native.open(options, callbacks));
}

export const sum8 = (bytes) => native.checksum('sum8', toBytes(bytes, 'sum8'));
export const xor8 = (bytes) => native.checksum('xor8', toBytes(bytes, 'xor8'));
export const crc8 = (bytes) => native.checksum('crc8', toBytes(bytes, 'crc8'));
export const crc16Modbus = (bytes) => native.checksum('crc16-modbus', toBytes(bytes, 'crc16Modbus'));
export const checksum = Object.freeze({sum8, xor8, crc8, crc16Modbus});
