// SPDX-License-Identifier: Apache-2.0
// Errors with a stable `code`, and the one way in which a failure that no caller can receive is reported.

export function codedError(code, message, Type = Error) {
  const error = new Type(message);
  Object.defineProperty(error, 'code', {value: code, writable: true, configurable: true, enumerable: false});
  return error;
}

// Makes the script fail with `error` at the end of this turn, after everybody else has been served: an
// exception in a listener must neither be swallowed nor keep the other listeners from running.
export function fail(error) {
  Promise.reject(error);
}

export function describe(value) {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

// Checks a number option: returns `fallback` for undefined, throws naming option, expectation and finding.
export function numberOption(value, name, {min, max, fallback, integer = false}) {
  if (value === undefined) return fallback;
  const suits =
    typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value));
  if (suits) return value;
  const message = `${name}: expected ${integer ? 'an integer' : 'a number'} from ${min} to ${max}, ` +
    `found ${describe(value)}`;
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message);
}

// A name that nobody knows would be a default in disguise.
export function requireKnown(options, known, what) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${what}: expected an object, found ${describe(options)}`);
  }
  const odd = Object.keys(options).find((key) => !known.includes(key));
  if (odd !== undefined)
    throw new TypeError(`${what}: expected one of ${known.join(', ')}, found ${describe(odd)}`);
}

export function checkFunction(value, name) {
  if (typeof value !== 'function')
    throw new TypeError(`${name}: expected a function, found ${describe(value)}`);
}

// Calls onAbort with the reason when `signal` aborts; returns the function that stops watching.
export function watchAbort(signal, onAbort) {
  if (signal === undefined || signal === null) return () => {};
  if (typeof signal.addEventListener !== 'function') {
    throw new TypeError(`signal: expected an AbortSignal, found ${describe(signal)}`);
  }
  const listener = () => onAbort(signal.reason);
  signal.addEventListener('abort', listener);
  return () => signal.removeEventListener('abort', listener);
}
