// SPDX-License-Identifier: Apache-2.0

import {describe} from './errors.js';

// Bytes from what scripts like to pass: a typed array or buffer (not copied), an array of 0..255, text
// (UTF-8).
export function toBytes(data, name) {
  if (data instanceof Uint8Array) return data;
  if (typeof data === 'string') return new TextEncoder().encode(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (!Array.isArray(data)) {
    throw new TypeError(
      `${name}: expected bytes (Uint8Array, array of integers, string), found ${describe(data)}`);
  }
  data.forEach((byte, index) => {
    if (!Number.isInteger(byte) || byte < 0 || byte > 255) {
      throw new RangeError(`${name}[${index}]: expected an integer from 0 to 255, found ${describe(byte)}`);
    }
  });
  return Uint8Array.from(data);
}
