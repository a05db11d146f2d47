// SPDX-License-Identifier: Apache-2.0
// What scripts hold of a device on an I2C bus. Transfers and their queue are native; here are registers,
// options, and what close() promises.

import './dispose.js';
import {toBytes} from './bytes.js';
import {checkFunction, codedError, describe, numberOption, requireKnown} from './errors.js';

const mostSegments = 42;  // the kernel's limits
const mostBytes = 8192;
const transferOptions = ['timeout', 'retries', 'retryNack'];
const registerOptions = ['length', 'registerBytes', 'order', 'registerOrder', ...transferOptions];

function booleanOption(value, name, fallback) {
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name}: expected true or false, found ${describe(value)}`);
}

function orderOption(value, name, fallback) {
  if (value === undefined) return fallback;
  if (value === 'big' || value === 'little') return value;
  throw new TypeError(`${name}: expected "big" or "little", found ${describe(value)}`);
}

function numberToBytes(value, length, order, name) {
  numberOption(value, name, {min: -(2 ** (8 * length - 1)), max: 2 ** (8 * length) - 1, integer: true});
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const shift = order === 'big' ? length - 1 - i : i;
    bytes[i] = Math.floor(value / 2 ** (8 * shift)) & 0xff;
  }
  return bytes;
}

function bytesToNumber(bytes, order) {
  return (order === 'big' ? bytes : bytes.reverse()).reduce((sum, byte) => sum * 256 + byte, 0);
}

function toSegment(segment, index) {
  const name = `segment ${index + 1}`;
  requireKnown(segment, ['write', 'read'], name);
  if ((segment.write === undefined) === (segment.read === undefined)) {
    const found = describe(Object.keys(segment).join(', '));
    throw new TypeError(`${name}: expected either write or read, found ${found}`);
  }
  if (segment.read !== undefined)
    return {read: numberOption(segment.read, `${name}: read`, {min: 1, max: mostBytes, integer: true})};
  const write = toBytes(segment.write, `${name}: write`);
  if (write.length > mostBytes)
    throw new RangeError(`${name}: write: expected at most ${mostBytes} bytes, found ${write.length}`);
  return {write};
}

// Checks the options that concern the device.
export function deviceSettings({address, tenBit, pec, timeout, retries, retryNack}) {
  const ten = booleanOption(tenBit, 'tenBit', false);
  if (address === undefined)
    throw new TypeError('address: expected the address of the device, found undefined');
  const settings = {
    address: numberOption(address, ten ? 'address' : 'address (without tenBit)',
      {min: 0, max: ten ? 0x3ff : 0x7f, integer: true}),
    tenBit: ten,
    pec: booleanOption(pec, 'pec', false),
    timeout: numberOption(timeout, 'timeout', {min: 1, max: 600000, fallback: 1000, integer: true}),
    retries: numberOption(retries, 'retries', {min: 0, max: 100, fallback: 2, integer: true}),
    retryNack: booleanOption(retryNack, 'retryNack', false),
  };
  if (ten && settings.pec) throw new TypeError('pec: expected no 10-bit address, found tenBit');
  return settings;
}

export class I2cDevice {
  #bus;
  #settings;
  #native;
  #closed = false;
  #waiting = new Set();  // what rejects the promises that are not settled

  // Made by open(), which has the native bus.
  constructor(bus, settings, nativeBus) {
    if (typeof nativeBus?.transfer !== 'function')
      throw new TypeError('I2cDevice: expected open() to make it, found new');
    this.#bus = bus;
    this.#settings = settings;
    this.#native = nativeBus;
  }

  get bus() { return this.#bus; }
  get address() { return this.#settings.address; }
  get closed() { return this.#closed; }

  // All segments, {write: bytes} or {read: length}, as one transaction. Resolves with what was read, an array
  // for each segment that reads.
  async transfer(segments, options = {}) {
    requireKnown(options, transferOptions, 'transfer');
    if (!Array.isArray(segments) || segments.length < 1 || segments.length > mostSegments) {
      const found = Array.isArray(segments) ? `${segments.length}` : describe(segments);
      throw new TypeError(`segments: expected an array of 1 to ${mostSegments}, found ${found}`);
    }
    return this.#transfer(segments.map(toSegment), options);
  }

  async write(data, options = {}) {
    requireKnown(options, transferOptions, 'write');
    await this.#transfer([toSegment({write: toBytes(data, 'write')}, 0)], options);
  }

  async read(length, options = {}) {
    requireKnown(options, transferOptions, 'read');
    const [bytes] = await this.#transfer(
      [{read: numberOption(length ?? null, 'length', {min: 1, max: mostBytes, integer: true})}], options);
    return bytes;
  }

  // `length` bytes from a register on.
  async readRegister(register, options = {}) {
    const {index, length} = this.#register(register, options, 'readRegister', {min: 1, max: mostBytes});
    const [bytes] = await this.#transfer([{write: index}, {read: length}], options);
    return bytes;
  }

  async readUint8(register, options = {}) {
    return (await this.readRegister(register, {...options, length: 1}))[0];
  }

  async readUint16(register, options = {}) {
    const bytes = await this.readRegister(register, {...options, length: 2});
    return bytesToNumber(bytes, orderOption(options.order, 'order', 'big'));
  }

  async readInt16(register, options = {}) {
    const value = await this.readUint16(register, options);
    return value < 0x8000 ? value : value - 0x10000;
  }

  // `value` is a number, for a register of `length` bytes, or the bytes themselves.
  async writeRegister(register, value, options = {}) {
    const {index, length, order} = this.#register(register, options, 'writeRegister', {min: 1, max: 4});
    const bytes = typeof value === 'number' ? numberToBytes(value, length, order, 'value') :
      toBytes(value, 'value');
    const write = new Uint8Array(index.length + bytes.length);
    write.set(index);
    write.set(bytes, index.length);
    await this.#transfer([toSegment({write}, 0)], options);
  }

  // Keeps other scripts, and whoever honours the lock, off the bus while `fn` runs. Resolves with its result.
  async lock(fn, options = {}) {
    checkFunction(fn, 'lock');
    requireKnown(options, ['timeout'], 'lock');
    const timeout =
      numberOption(options.timeout, 'timeout', {min: 1, max: 600000, fallback: 5000, integer: true});
    const ticket = await this.#wait(() => this.#native.lock(timeout));
    try {
      return await fn(this);
    } finally {
      if (!this.#closed) this.#native.unlock(ticket);
    }
  }

  // Idempotent. What has not been answered rejects with ERR_CLOSED; a lock is given back.
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.close();
    const error = this.#closedError();
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose]() { this.close(); }

  #register(register, options, what, lengths) {
    requireKnown(options, registerOptions, what);
    const width =
      numberOption(options.registerBytes, 'registerBytes', {min: 1, max: 2, fallback: 1, integer: true});
    const order = orderOption(options.order, 'order', 'big');
    const registerOrder = orderOption(options.registerOrder, 'registerOrder', order);
    numberOption(register ?? null, 'register', {min: 0, max: 256 ** width - 1, integer: true});
    return {
      index: numberToBytes(register, width, registerOrder, 'register'),
      length: numberOption(options.length, 'length', {...lengths, fallback: 1, integer: true}),
      order,
    };
  }

  #transfer(segments, {timeout, retries, retryNack}) {
    const own = this.#settings;
    const settings = deviceSettings({
      ...own, timeout: timeout ?? own.timeout, retries: retries ?? own.retries,
      retryNack: retryNack ?? own.retryNack,
    });
    return this.#wait(() => this.#native.transfer(settings, segments));
  }

  #wait(begin) {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw this.#closedError();
      this.#waiting.add(reject);
      const settle = (finish) => (value) => {
        if (this.#waiting.delete(reject)) finish(value);
      };
      try {
        begin().then(settle(resolve), settle(reject));
      } catch (error) {
        settle(reject)(error);
      }
    });
  }

  #closedError() {
    return codedError('ERR_CLOSED',
      `I2C device 0x${this.address.toString(16)} on bus ${this.#bus} is closed`);
  }
}
