// SPDX-License-Identifier: Apache-2.0
// One store of deskd:storage: JSON values under keys, and transactions over them.

import {checkFunction, codedError, describe} from './errors.js';

const mostKeyBytes = 512;
const mostValueBytes = 128 * 1024;
const mostAttempts = 20;

function utf8Bytes(text) {
  let bytes = 0;
  for (let i = 0; i < text.length; ++i) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else bytes += unit >= 0xd800 && unit < 0xe000 ? 2 : 3;  // half of a pair, which has four
  }
  return bytes;
}

function checkKey(key) {
  if (typeof key !== 'string') throw new TypeError(`key: expected a string, found ${describe(key)}`);
  if (key === '') throw new RangeError('key: expected at least one character, found ""');
  // What is half a character would be stored as another key.
  if (/\p{Surrogate}/u.test(key))
    throw new RangeError(`key: expected whole characters, found ${describe(key)}`);
  if (key.length > mostKeyBytes || utf8Bytes(key) > mostKeyBytes)
    throw new RangeError(`key: expected at most ${mostKeyBytes} bytes of UTF-8, found ${describe(key)}`);
}

function toJson(key, value) {
  const json = JSON.stringify(value);
  if (json === undefined) {
    throw new TypeError(
      `value of ${describe(key)}: expected something that JSON has, found ${describe(value)}`);
  }
  if (json.length > mostValueBytes || utf8Bytes(json) > mostValueBytes) {
    throw new RangeError(`value of ${describe(key)}: expected at most ${mostValueBytes} bytes of JSON, ` +
      `found ${utf8Bytes(json)}`);
  }
  return json;
}

function checkPrefix(prefix) {
  if (prefix !== '') checkKey(prefix);
}

async function allKeys(native, shared, prefix) {
  const found = [];
  let after = '';
  for (;;) {
    const {keys, more} = await native.keys(shared, prefix, after);
    for (const key of keys) found.push(key);
    if (!more) return found;
    after = found[found.length - 1];
  }
}

// Of a transaction; scripts cannot call these.
let end;        // it is of no use afterwards
let toChanges;  // for native code

// What a transaction has read, and what it is going to change.
class Transaction {
  #native;
  #shared;
  #read = new Map();      // key -> JSON, undefined: none
  #changes = new Map();   // the same
  #over = false;

  constructor(native, shared) {
    this.#native = native;
    this.#shared = shared;
  }

  async #find(key) {
    if (this.#changes.has(key)) return this.#changes.get(key);
    if (!this.#read.has(key)) {
      const json = await this.#native.get(this.#shared, key);
      if (!this.#read.has(key)) this.#read.set(key, json);
    }
    return this.#read.get(key);
  }

  #check() {
    if (this.#over) throw codedError('ERR_CLOSED', 'the transaction is over');
  }

  async get(key, fallback) {
    this.#check();
    checkKey(key);
    const json = await this.#find(key);
    return json === undefined ? fallback : JSON.parse(json);
  }

  async set(key, value) {
    this.#check();
    checkKey(key);
    this.#changes.set(key, toJson(key, value));
  }

  async delete(key) {
    this.#check();
    checkKey(key);
    const existed = await this.#find(key) !== undefined;
    this.#changes.set(key, undefined);
    return existed;
  }

  // Of those that another script adds meanwhile the transaction does not hear.
  async keys(prefix = '') {
    this.#check();
    checkPrefix(prefix);
    const found = new Set(await allKeys(this.#native, this.#shared, prefix));
    for (const [key, json] of this.#changes) {
      if (!key.startsWith(prefix)) continue;
      if (json === undefined) found.delete(key);
      else found.add(key);
    }
    return [...found].sort();
  }

  static {
    end = (transaction) => { transaction.#over = true; };
    toChanges = (transaction) => transaction.#toChanges();
  }

  #toChanges() {
    const lists = {expected: [], expectedAbsent: [], set: [], removed: []};
    for (const [key, json] of this.#read) {
      if (json === undefined) lists.expectedAbsent.push(key);
      else lists.expected.push({key, json});
    }
    for (const [key, json] of this.#changes) {
      if (json === undefined) lists.removed.push(key);
      else lists.set.push({key, json});
    }
    return lists;
  }
}

export class Store {
  #native;
  #shared;

  constructor(native, shared) {
    this.#native = native;
    this.#shared = shared;
  }

  #apply({expected = [], expectedAbsent = [], set = [], removed = []}) {
    return this.#native.apply(this.#shared, {expected, expectedAbsent, set, removed});
  }

  async get(key, fallback) {
    checkKey(key);
    const json = await this.#native.get(this.#shared, key);
    return json === undefined ? fallback : JSON.parse(json);
  }

  async set(key, value) {
    checkKey(key);
    await this.#apply({set: [{key, json: toJson(key, value)}]});
  }

  async delete(key) {
    checkKey(key);
    return (await this.#apply({removed: [key]})).length > 0;
  }

  async keys(prefix = '') {
    checkPrefix(prefix);
    return allKeys(this.#native, this.#shared, prefix);
  }

  // Runs fn again if what it had read was changed before it ended.
  async transaction(fn) {
    checkFunction(fn, 'transaction');
    for (let attempt = 1; ; ++attempt) {
      const transaction = new Transaction(this.#native, this.#shared);
      try {
        const result = await fn(transaction);
        end(transaction);
        await this.#apply(toChanges(transaction));
        return result;
      } catch (error) {
        if (error?.code !== 'ERR_CONFLICT' || attempt >= mostAttempts) throw error;
      } finally {
        end(transaction);
      }
    }
  }

  // Resolves once everything before it is on the disk, without waiting for more.
  async flush() {
    await this.#native.flush(this.#shared);
  }
}
