// SPDX-License-Identifier: Apache-2.0
// The globals structuredClone, performance and crypto. The other web globals live in events.js
// (Event, CustomEvent, EventTarget, AbortController, AbortSignal, DOMException) and encoding.js
// (TextEncoder, TextDecoder, atob, btoa), so that a script pays only for those which it uses.

import * as native from 'native:web';
import {DOMException} from './dom_exception.js';
import {describe} from './errors.js';

export function structuredClone(value, {transfer = []} = {}) {
  if (arguments.length === 0) throw new TypeError('structuredClone: expected a value, found nothing');
  if ([...transfer].length > 0)
    throw new DOMException('structuredClone: transfer is not supported', 'DataCloneError');
  try {
    return native.structuredClone(value);
  } catch (error) {
    // The engine's own error; what a getter of the value throws passes unchanged.
    if (!(error instanceof Error) || !error.message.endsWith('could not be cloned.')) throw error;
    throw new DOMException(error.message, 'DataCloneError');
  }
}

export const performance = Object.freeze({
  now: () => native.monotonicMs(),
  timeOrigin: native.timeOriginMs,
  toJSON() { return {timeOrigin: this.timeOrigin}; },
  [Symbol.toStringTag]: 'Performance',
});

const hex = Array.from({length: 256}, (_, byte) => byte.toString(16).padStart(2, '0'));

// Fills an integer typed array of at most 65,536 bytes from the kernel's generator and returns it.
function getRandomValues(array) {
  if (!ArrayBuffer.isView(array) || array instanceof DataView || array instanceof Float32Array ||
      array instanceof Float64Array) {
    throw new TypeError(`getRandomValues: expected an integer typed array, found ${describe(array)}`);
  }
  if (array.byteLength > 65536) {
    throw new DOMException(`getRandomValues: expected at most 65536 bytes, found ${array.byteLength}`,
      'QuotaExceededError');
  }
  native.randomFill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return array;
}

function randomUUID() {
  const bytes = new Uint8Array(16);
  native.randomFill(bytes);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const text = Array.from(bytes, (byte) => hex[byte]).join('');
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export const crypto = Object.freeze({getRandomValues, randomUUID, [Symbol.toStringTag]: 'Crypto'});
