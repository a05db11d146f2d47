// SPDX-License-Identifier: Apache-2.0
// The globals TextEncoder, TextDecoder, atob and btoa.

import * as native from 'native:web';
import {DOMException} from './dom_exception.js';
import {codedError, describe} from './errors.js';

const utf8Labels =
  ['utf-8', 'utf8', 'unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'x-unicode20utf8'];

export class TextEncoder {
  get encoding() { return 'utf-8'; }

  encode(text = '') { return native.utf8Encode(String(text)); }

  // Writes as many whole characters as fit; `read` counts UTF-16 units, `written` bytes.
  encodeInto(text, target) {
    if (!(target instanceof Uint8Array)) {
      throw new TypeError(`target: expected a Uint8Array, found ${describe(target)}`);
    }
    let read = 0;
    let written = 0;
    for (const character of String(text)) {
      const bytes = native.utf8Encode(character);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return {read, written};
  }

  get [Symbol.toStringTag]() { return 'TextEncoder'; }
}

// Length of the sequence that a lead byte announces; 1 for everything that cannot be one.
function sequenceLength(lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

// Whether `next` may follow `lead` (the Encoding standard narrows the second byte after E0, ED, F0 and F4).
function mayFollow(lead, next) {
  if (lead === 0xe0) return next >= 0xa0 && next <= 0xbf;
  if (lead === 0xed) return next >= 0x80 && next <= 0x9f;
  if (lead === 0xf0) return next >= 0x90 && next <= 0xbf;
  if (lead === 0xf4) return next >= 0x80 && next <= 0x8f;
  return next >= 0x80 && next <= 0xbf;
}

// Number of bytes at the end that begin a character which later bytes may complete.
function incompleteTail(bytes) {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const lead = bytes[bytes.length - back];
    if (lead >= 0x80 && lead <= 0xbf) continue;
    if (sequenceLength(lead) <= back) return 0;
    return back === 1 || mayFollow(lead, bytes[bytes.length - back + 1]) ? back : 0;
  }
  return 0;
}

function viewBytes(input) {
  if (input instanceof Uint8Array) return input;
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer ||
    Object.prototype.toString.call(input) === '[object SharedArrayBuffer]') {
    return new Uint8Array(input);
  }
  throw new TypeError(`input: expected an ArrayBuffer or a view of one, found ${describe(input)}`);
}

function concatenate(first, second) {
  if (first.length === 0) return second;
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

// UTF-8 only. With {stream: true} an incomplete character at the end waits for the next call.
export class TextDecoder {
  #fatal;
  #ignoreBom;
  #kept = new Uint8Array(0);
  #begun = false;  // the byte order mark can only be met before this

  constructor(label = 'utf-8', {fatal = false, ignoreBOM = false} = {}) {
    if (!utf8Labels.includes(String(label).trim().toLowerCase())) {
      throw new RangeError(`TextDecoder: expected the encoding utf-8, found ${describe(label)}`);
    }
    this.#fatal = Boolean(fatal);
    this.#ignoreBom = Boolean(ignoreBOM);
  }

  get encoding() { return 'utf-8'; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBom; }

  decode(input, {stream = false} = {}) {
    const bytes = concatenate(this.#kept, input === undefined ? new Uint8Array(0) : viewBytes(input));
    const tail = stream ? incompleteTail(bytes) : 0;
    const whole = bytes.subarray(0, bytes.length - tail);
    const keepBom = this.#ignoreBom || this.#begun;
    this.#kept = tail > 0 ? bytes.slice(bytes.length - tail) : new Uint8Array(0);
    this.#begun = stream && (this.#begun || whole.length > 0);
    try {
      return native.utf8Decode(whole, this.#fatal, keepBom);
    } catch (error) {
      this.#kept = new Uint8Array(0);
      this.#begun = false;
      if (error.code !== 'ERR_ENCODING_INVALID_DATA') throw error;
      throw codedError(error.code, error.message, TypeError);
    }
  }

  get [Symbol.toStringTag]() { return 'TextDecoder'; }
}

function convert(convertNative, text, name) {
  try {
    return convertNative(String(text));
  } catch (error) {
    if (!error || error.code !== 'ERR_INVALID_CHARACTER') throw error;
    throw new DOMException(`${name}: ${error.message}`, 'InvalidCharacterError');
  }
}

export function btoa(text) { return convert(native.btoa, text, 'btoa'); }
export function atob(text) { return convert(native.atob, text, 'atob'); }
