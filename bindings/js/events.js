// SPDX-License-Identifier: Apache-2.0
// The globals Event, CustomEvent, EventTarget, AbortController and AbortSignal.

import {DOMException} from './dom_exception.js';
import {describe, fail, numberOption} from './errors.js';

export {DOMException};

const timeOrigin = Date.now();

// Only this module may set what an event says about its dispatch.
let eventState;

export class Event {
  #type;
  #bubbles;
  #cancelable;
  #composed;
  #timeStamp = Date.now() - timeOrigin;
  #state = {target: null, dispatching: false, stopped: false, canceled: false, passive: false};

  static { eventState = (event) => event.#state; }

  constructor(type, {bubbles = false, cancelable = false, composed = false} = {}) {
    if (arguments.length === 0) throw new TypeError('Event: expected a type, found nothing');
    this.#type = String(type);
    this.#bubbles = Boolean(bubbles);
    this.#cancelable = Boolean(cancelable);
    this.#composed = Boolean(composed);
  }

  get type() { return this.#type; }
  get target() { return this.#state.target; }
  get srcElement() { return this.#state.target; }
  get currentTarget() { return this.#state.dispatching ? this.#state.target : null; }
  get eventPhase() { return this.#state.dispatching ? 2 : 0; }
  get bubbles() { return this.#bubbles; }
  get cancelable() { return this.#cancelable; }
  get composed() { return this.#composed; }
  get timeStamp() { return this.#timeStamp; }
  get isTrusted() { return false; }
  get defaultPrevented() { return this.#state.canceled; }
  composedPath() { return this.#state.dispatching ? [this.#state.target] : []; }
  preventDefault() { if (this.#cancelable && !this.#state.passive) this.#state.canceled = true; }
  stopPropagation() {}  // there is no tree to propagate through
  stopImmediatePropagation() { this.#state.stopped = true; }
  get [Symbol.toStringTag]() { return 'Event'; }
}

for (const [phase, value] of Object.entries({NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3})) {
  Object.defineProperty(Event, phase, {value, enumerable: true});
  Object.defineProperty(Event.prototype, phase, {value, enumerable: true});
}

export class CustomEvent extends Event {
  #detail;

  constructor(type, options = {}) {
    super(type, options);
    this.#detail = options.detail === undefined ? null : options.detail;
  }

  get detail() { return this.#detail; }
  get [Symbol.toStringTag]() { return 'CustomEvent'; }
}

export class EventTarget {
  #listeners = new Map();  // type -> [{callback, capture, once, passive, removed}]

  addEventListener(type, callback, options) {
    const flags = typeof options === 'object' && options !== null ? options : {capture: Boolean(options)};
    const {capture = false, once = false, passive = false, signal} = flags;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new TypeError(`signal: expected an AbortSignal, found ${describe(signal)}`);
    }
    if (callback === null || callback === undefined || (signal && signal.aborted)) return;
    if (typeof callback !== 'function' && typeof callback !== 'object') {
      throw new TypeError(`listener: expected a function or an object, found ${describe(callback)}`);
    }
    const key = String(type);
    const list = this.#listeners.get(key) || [];
    if (list.some((entry) => entry.callback === callback && entry.capture === Boolean(capture))) return;
    this.#listeners.set(key, [...list,
      {callback, capture: Boolean(capture), once: Boolean(once), passive: Boolean(passive), removed: false}]);
    if (signal) {
      signal.addEventListener(
        'abort', () => this.removeEventListener(key, callback, {capture}), {once: true});
    }
  }

  removeEventListener(type, callback, options) {
    const capture = Boolean(typeof options === 'object' && options !== null ? options.capture : options);
    const key = String(type);
    const kept = [];
    for (const entry of this.#listeners.get(key) || []) {
      if (entry.callback === callback && entry.capture === capture) entry.removed = true;
      else kept.push(entry);
    }
    if (kept.length > 0) this.#listeners.set(key, kept);
    else this.#listeners.delete(key);
  }

  // A listener that throws fails the script, after all the other listeners have run.
  dispatchEvent(event) {
    if (!(event instanceof Event)) throw new TypeError(`event: expected an Event, found ${describe(event)}`);
    const state = eventState(event);
    if (state.dispatching)
      throw new DOMException(`event '${event.type}' is being dispatched`, 'InvalidStateError');
    state.target = this;
    state.dispatching = true;
    state.stopped = false;
    for (const entry of this.#listeners.get(event.type) || []) {
      if (entry.removed) continue;
      if (entry.once) this.removeEventListener(event.type, entry.callback, entry);
      state.passive = entry.passive;
      callListener(entry.callback, this, event);
      if (state.stopped) break;
    }
    state.passive = false;
    state.dispatching = false;
    return !state.canceled;
  }

  get [Symbol.toStringTag]() { return 'EventTarget'; }
}

function callListener(callback, target, event) {
  try {
    const result =
      typeof callback === 'function' ? callback.call(target, event) : callback.handleEvent(event);
    if (result && typeof result.then === 'function') result.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}

// Gives `prototype` the property on<type>, whose value listens like any other listener.
function defineHandler(prototype, type) {
  const handlers = new WeakMap();
  Object.defineProperty(prototype, `on${type}`, {
    configurable: true,
    enumerable: true,
    get() { return handlers.get(this) || null; },
    set(value) {
      if (handlers.has(this)) this.removeEventListener(type, handlers.get(this));
      handlers.delete(this);
      if (typeof value !== 'function') return;
      handlers.set(this, value);
      this.addEventListener(type, value);
    },
  });
}

const makingSignal = Symbol('signal');
let abortSignal;  // aborts a signal; only a controller and the static functions below may

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason = undefined;

  static {
    abortSignal = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason =
        reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
      signal.dispatchEvent(new Event('abort'));
    };
  }

  constructor(key) {
    if (key !== makingSignal)
      throw new TypeError('AbortSignal: expected AbortController to make it, found new');
    super();
  }

  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }
  get [Symbol.toStringTag]() { return 'AbortSignal'; }

  static abort(reason) {
    const signal = new AbortSignal(makingSignal);
    abortSignal(signal, reason);
    return signal;
  }

  static timeout(milliseconds) {
    numberOption(milliseconds, 'AbortSignal.timeout', {min: 0, max: 2147483647});
    const signal = new AbortSignal(makingSignal);
    setTimeout(
      () => abortSignal(signal, new DOMException('The operation timed out', 'TimeoutError')), milliseconds);
    return signal;
  }

  static any(signals) {
    const sources = [...signals];
    const result = new AbortSignal(makingSignal);
    for (const source of sources) {
      if (!(source instanceof AbortSignal)) {
        throw new TypeError(`AbortSignal.any: expected an AbortSignal, found ${describe(source)}`);
      }
    }
    const aborted = sources.find((source) => source.aborted);
    if (aborted) {
      abortSignal(result, aborted.reason);
      return result;
    }
    for (const source of sources) {
      source.addEventListener(
        'abort', () => abortSignal(result, source.reason), {once: true, signal: result});
    }
    return result;
  }
}
defineHandler(AbortSignal.prototype, 'abort');

export class AbortController {
  #signal = new AbortSignal(makingSignal);

  get signal() { return this.#signal; }
  abort(reason) { abortSignal(this.#signal, reason); }
  get [Symbol.toStringTag]() { return 'AbortController'; }
}
