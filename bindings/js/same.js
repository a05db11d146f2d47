// SPDX-License-Identifier: Apache-2.0
// Whether two values say the same. What cannot be looked into (promises, weak maps, classes of a script's own, which may
// hold private fields) is the same as itself only.

const getTime = (date) => Date.prototype.getTime.call(date);

// Properties of an error that no listing shows.
const errorKeys = ['name', 'message', 'code', 'cause', 'errors'];

// Pairs that are being compared: met again, inside themselves, they decide nothing.
class Comparison {
  #pairs = [];

  same(a, b) {
    if (Object.is(a, b)) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    const kind = Object.getPrototypeOf(a);
    if (kind !== Object.getPrototypeOf(b)) return false;
    if (this.#pairs.some(([x, y]) => x === a && y === b)) return true;
    this.#pairs.push([a, b]);
    try {
      return this.#inside(a, b, kind);
    } finally {
      this.#pairs.pop();
    }
  }

  #inside(a, b, kind) {
    if (a instanceof Error) return b instanceof Error && this.#keys(a, b) && this.#errors(a, b);
    if (ArrayBuffer.isView(a)) return ArrayBuffer.isView(b) && sameBytes(a, b);
    switch (kind) {
      case null:
      case Object.prototype: return this.#keys(a, b);
      case Array.prototype: return a.length === b.length && this.#keys(a, b);
      case Date.prototype: return Object.is(getTime(a), getTime(b)) && this.#keys(a, b);
      case RegExp.prototype: return String(a) === String(b) && a.lastIndex === b.lastIndex && this.#keys(a, b);
      case Map.prototype: return this.#members([...a], [...b]) && this.#keys(a, b);
      case Set.prototype: return this.#members([...a], [...b]) && this.#keys(a, b);
      case ArrayBuffer.prototype: return sameBytes(new Uint8Array(a), new Uint8Array(b)) && this.#keys(a, b);
      default: return false;
    }
  }

  #keys(a, b) {
    const keys = shownKeys(a);
    return keys.length === shownKeys(b).length &&
      keys.every((key) => Object.prototype.propertyIsEnumerable.call(b, key) && this.same(a[key], b[key]));
  }

  #errors(a, b) {
    return errorKeys.every((key) => key in a === key in b && this.same(a[key], b[key]));
  }

  // In whatever order.
  #members(a, b) {
    const left = [...b];
    return a.length === b.length && a.every((item) => {
      const index = left.findIndex((other) => this.same(item, other));
      if (index >= 0) left.splice(index, 1);
      return index >= 0;
    });
  }
}

function shownKeys(object) {
  return Reflect.ownKeys(object).filter((key) => Object.prototype.propertyIsEnumerable.call(object, key));
}

// Of views of the same class. Numbers are compared, not bytes: each NaN is like another.
function sameBytes(a, b) {
  if (a instanceof DataView) {
    return sameBytes(new Uint8Array(a.buffer, a.byteOffset, a.byteLength),
      new Uint8Array(b.buffer, b.byteOffset, b.byteLength));
  }
  return a.length === b.length && Array.prototype.every.call(a, (item, index) => Object.is(item, b[index]));
}

export function same(a, b) { return new Comparison().same(a, b); }
