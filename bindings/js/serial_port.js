// SPDX-License-Identifier: Apache-2.0
// What scripts hold of an open serial port. Bytes, framing and reconnecting are native; here are the events,
// the bounded streams and the request queue.

import './dispose.js';
import {toBytes} from './bytes.js';
import {checkFunction, codedError, numberOption, watchAbort} from './errors.js';
import {Emitter} from './emitter.js';

const maxWaitingRequests = 64;

// Has deskd-guard stop the device for a script that cannot; resolves when it stands by. `guarded`: there is a guard.
export let protect;

export class SerialPort {
  #path;
  #events;
  #native;
  #failsafe = 'none';  // 'guarded', or 'unguarded' where there is no guard: in the foreground
  #closed = false;
  #lastStats = {frames: 0, garbageBytes: 0, badChecksums: 0, oversize: 0};
  #requests = [];       // waiting, in order
  #current = null;      // the request that holds the line
  #expectFrame = null;  // called with each frame while an attempt waits for its answer
  #cancelAttempt = () => {};

  // openNative(callbacks) opens the device and returns the native port, or throws.
  constructor(path, openNative) {
    if (typeof openNative !== 'function')
      throw new TypeError('SerialPort: expected open() to make it, found new');
    this.#path = path;
    this.#events = new Emitter(`serial port ${path}`, ['frame', 'disconnect', 'reconnect', 'stopped', 'close']);
    this.#native = openNative({
      frame: (bytes) => this.#onFrame(bytes),
      disconnect: (message) => this.#onDisconnect(message),
      reconnect: () => { if (!this.#closed) this.#events.emit('reconnect'); },
      closed: () => this.close(),
    });
  }

  get path() { return this.#path; }
  get connected() { return !this.#closed && this.#native.connected; }
  get closed() { return this.#closed; }

  // Counts since opening; after close() as they were then.
  get stats() { return this.#closed ? this.#lastStats : {...this.#native.stats()}; }

  // 'frame' (Uint8Array), 'disconnect' (Error), 'reconnect', 'close'. Returns the function that unsubscribes.
  on(name, fn) { return this.#events.on(name, fn); }

  once(name, options) { return this.#events.once(name, options); }

  // Async iterator over frames from now on, with a bounded buffer; ends when the port closes.
  frames(options) { return this.#events.iterate('frame', options); }

  // Resolves when the kernel has taken all bytes.
  async write(data) {
    const bytes = toBytes(data, 'write');
    this.#refuseIfClosed();
    await this.#native.write(bytes);
  }

  // Sends `data` and resolves with the first frame that `match` accepts. Requests run one after another; each
  // attempt first drops input that is older than it. 'frame' listeners see the answers too.
  request(data, {match, timeout, retries, signal} = {}) {
    return new Promise((resolve, reject) => {
      if (match !== undefined) checkFunction(match, 'match');
      const request = {
        bytes: toBytes(data, 'request'), match, signal, resolve, reject, settled: false, unwatch: () => {},
        timeout: numberOption(timeout, 'timeout', {min: 1, max: 3600000, fallback: 1000}),
        retries: numberOption(retries, 'retries', {min: 0, max: 100, fallback: 0, integer: true}),
      };
      this.#refuseIfClosed();
      if (signal && signal.aborted) throw signal.reason;
      if (this.#requests.length >= maxWaitingRequests) {
        throw codedError('ERR_OVERFLOW',
          `serial port ${this.#path}: expected at most ${maxWaitingRequests} ` +
            'waiting requests, found one more');
      }
      request.unwatch = watchAbort(signal, (reason) => this.#settle(request, 'reject', reason));
      this.#requests.push(request);
      this.#startNext();
    });
  }

  // From now on, until disarm(), deskd-guard sends the failsafe bytes when this script's process ends, or when nobody has
  // called arm() or renew() for the lease: then 'stopped' tells the reason.
  async arm() {
    this.#requireFailsafe();
    if (this.#failsafe === 'guarded') await this.#native.arm(true);
  }

  renew() {
    this.#requireFailsafe();
    if (this.#failsafe === 'guarded') this.#native.renew();
  }

  // The device is at rest.
  async disarm() {
    this.#requireFailsafe();
    if (this.#failsafe === 'guarded') await this.#native.arm(false);
  }

  // Idempotent. 'close' listeners are called before it returns, nobody afterwards.
  close() {
    if (this.#closed) return;
    this.#lastStats = {...this.#native.stats()};
    this.#closed = true;
    this.#native.close();
    const error = this.#closedError();
    for (const request of this.#requests.splice(0)) this.#settle(request, 'reject', error);
    if (this.#current) this.#settle(this.#current, 'reject', error);
    this.#events.emit('close');
    this.#events.close();
  }

  async [Symbol.asyncDispose]() { this.close(); }

  #onFrame(bytes) {
    if (this.#closed) return;
    if (this.#expectFrame) this.#expectFrame(bytes);
    if (!this.#closed) this.#events.emit('frame', bytes);
  }

  #onDisconnect(message) {
    if (this.#closed) return;
    const error = codedError('ERR_DISCONNECTED', `serial port ${this.#path}: ${message}`);
    if (this.#current) this.#settle(this.#current, 'reject', error);
    this.#events.emit('disconnect', error);
  }

  #startNext() {
    while (!this.#current && this.#requests.length > 0) {
      this.#current = this.#requests.shift();
      this.#attempt(this.#current, 0);
    }
  }

  #attempt(request, number) {
    const timer = setTimeout(() => {
      if (number < request.retries) this.#attempt(request, number + 1);
      else this.#settle(request, 'reject', this.#timeoutError(request));
    }, request.timeout);
    this.#endAttempt();
    this.#expectFrame = (frame) => this.#offer(request, frame);
    this.#cancelAttempt = () => clearTimeout(timer);
    try {
      this.#native.flush();
      this.#native.write(request.bytes).catch((error) => this.#settle(request, 'reject', error));
    } catch (error) {
      this.#settle(request, 'reject', error);
    }
  }

  #endAttempt() {
    this.#cancelAttempt();
    this.#cancelAttempt = () => {};
    this.#expectFrame = null;
  }

  #offer(request, frame) {
    try {
      if (!request.match || request.match(frame)) this.#settle(request, 'resolve', frame);
    } catch (error) {
      this.#settle(request, 'reject', error);
    }
  }

  #settle(request, how, value) {
    if (request.settled) return;
    request.settled = true;
    request.unwatch();
    if (request === this.#current) {
      this.#endAttempt();
      this.#current = null;
    } else {
      const at = this.#requests.indexOf(request);
      if (at >= 0) this.#requests.splice(at, 1);
    }
    request[how](value);
    if (!this.#closed) this.#startNext();
  }

  #timeoutError({retries, timeout}) {
    return codedError('ETIMEDOUT', `serial port ${this.#path}: expected an answer within ${timeout} ms, ` +
      `found none in ${retries + 1} ${retries === 0 ? 'attempt' : 'attempts'}`);
  }

  static {
    protect = async (port, {bytes, leaseMs}, guarded) => {
      if (guarded) {
        await port.#native.failsafe(bytes, leaseMs, (reason) => {
          if (!port.#closed) port.#events.emit('stopped', {reason});
        });
      }
      port.#failsafe = guarded ? 'guarded' : 'unguarded';
    };
  }

  #requireFailsafe() {
    this.#refuseIfClosed();
    if (this.#failsafe === 'none') {
      throw codedError('ERR_NOT_SUPPORTED',
        `serial port ${this.#path}: expected it to be opened with failsafe, found none`);
    }
  }

  #refuseIfClosed() {
    if (this.#closed) throw this.#closedError();
  }

  #closedError() {
    return codedError('ERR_CLOSED', `serial port ${this.#path} is closed`);
  }
}
