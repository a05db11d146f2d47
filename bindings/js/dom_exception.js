// SPDX-License-Identifier: Apache-2.0

const legacyCodes = {
  IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12,
  InvalidAccessError: 15, TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20,
  QuotaExceededError: 22, TimeoutError: 23, DataCloneError: 25, InvalidCharacterError: 5,
};

// `code` is the web's legacy number, 0 for names that have none: compare `name`.
export class DOMException extends Error {
  #name;

  constructor(message = '', name = 'Error') {
    super(message);
    this.#name = String(name);
  }

  get name() { return this.#name; }
  get code() { return Object.hasOwn(legacyCodes, this.#name) ? legacyCodes[this.#name] : 0; }
  get [Symbol.toStringTag]() { return 'DOMException'; }
}
