// SPDX-License-Identifier: Apache-2.0
// Two outputs that turn a motor one way or the other, of which never both are on. deskd-guard enforces that,
// and the dead time; here is the patience that keeps it from having to refuse.

import {Timers} from './timers.js';

const renewalsPerLease = 4;
const retryMs = 25;
const mostRetries = 20;
const patient = ['ERR_DEAD_TIME', 'ERR_INTERLOCK'];

const other = {up: 'down', down: 'up'};

export class RelayMotor {
  #outputs;
  #deadTimeMs;
  #renewMs;
  #clock;
  #tell;
  /** @type {{direction: 'up' | 'down', pulseMs: number, retries: number} | null} */
  #wanted = null;          // {direction, pulseMs, retries}
  /** @type {'up' | 'down' | null} */
  #asked = null;           // the direction whose output may be on
  /** @type {'up' | 'down' | null} */
  #running = null;         // the direction whose output is on, as the guard has said
  #offAt = {up: -Infinity, down: -Infinity};
  #timers;
  #unsubscribe = [];

  // outputs: {up, down}, motion outputs of deskd:gpio in one interlock with this dead time. tell: {on(direction),
  // off(direction), failed(error), expired(reason)}; none of them is called from inside drive().
  constructor({outputs, deadTimeMs, leaseMs, clock, tell}) {
    this.#outputs = outputs;
    this.#deadTimeMs = deadTimeMs;
    this.#renewMs = leaseMs / renewalsPerLease;
    this.#clock = clock;
    this.#timers = new Timers(clock);
    this.#tell = tell;
    for (const direction of ['up', 'down'])
      this.#unsubscribe.push(outputs[direction].on('expired', ({reason}) => this.#onExpired(direction, reason)));
  }

  // The direction in which it is driven, or will be when the dead time is over.
  get direction() { return this.#wanted === null ? null : this.#wanted.direction; }

  // The same once the relay is on.
  get running() { return this.#running; }

  // Until stop(), or for `pulseMs`. What was driven before is off first, for the dead time.
  drive(direction, pulseMs = 0) {
    const before = this.#wanted;
    if (before !== null && before.direction === direction && pulseMs === 0 && before.pulseMs === 0) return;
    this.#timers.cancel('begin');
    if (this.#asked !== null) this.#release(this.#asked);
    this.#wanted = {direction, pulseMs, retries: 0};
    this.#begin(this.#wanted);
  }

  // Off, and on its way to the guard when this returns.
  stop() {
    this.#wanted = null;
    this.#timers.cancel('begin');
    if (this.#asked !== null) this.#release(this.#asked);
  }

  close() {
    this.stop();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  #begin(wanted) {
    const waitMs = this.#offAt[other[wanted.direction]] + this.#deadTimeMs - this.#clock.now();
    if (waitMs > 0) this.#timers.after('begin', waitMs, () => this.#turnOn(wanted));
    else this.#turnOn(wanted);
  }

  #turnOn(wanted) {
    const {direction, pulseMs} = wanted;
    this.#asked = direction;
    const output = this.#outputs[direction];
    if (pulseMs > 0) {
      // Timed by the guard. That it is on can be told no sooner than that it is over.
      output.pulse(pulseMs).then(() => this.#pulseEnded(wanted), (error) => this.#onRefused(wanted, error));
    } else {
      output.set(true).then(() => this.#onAgreed(wanted), (error) => this.#onRefused(wanted, error));
    }
  }

  #onAgreed(wanted) {
    if (this.#wanted !== wanted) return;  // it has been switched off since
    this.#running = wanted.direction;
    this.#renewLater(wanted.direction);
    this.#tell.on(wanted.direction);
  }

  #pulseEnded(wanted) {
    if (this.#wanted !== wanted) return;
    this.#wanted = null;
    this.#asked = null;
    this.#offAt[wanted.direction] = this.#clock.now();
  }

  #onRefused(wanted, error) {
    if (this.#wanted !== wanted) return;
    this.#asked = null;
    // The guard counts from when the line was off, and it alone knows what another process did before this one.
    if (patient.includes(error.code) && wanted.retries < mostRetries) {
      wanted.retries++;
      this.#timers.after('begin', Math.max(retryMs, this.#deadTimeMs / mostRetries), () => this.#turnOn(wanted));
      return;
    }
    this.#wanted = null;
    this.#tell.failed(error);
  }

  #renewLater(direction) {
    this.#timers.after('renew', this.#renewMs, () => {
      this.#outputs[direction].renew();
      this.#renewLater(direction);
    });
  }

  // Where it cannot be switched off the guard goes on trying, and the lease is not renewed any more.
  #release(direction) {
    this.#forget(direction);
    this.#outputs[direction].set(false).then(() => {
      this.#offAt[direction] = this.#clock.now();
    }, (error) => {
      if (error.code !== 'ERR_CLOSED' && error.code !== 'ERR_GUARD') this.#tell.failed(error);
    });
  }

  #onExpired(direction, reason) {
    if (this.#asked !== direction) return;
    this.#wanted = null;
    this.#timers.cancel('begin');
    this.#forget(direction);
    this.#tell.expired(reason);
  }

  // What was asked for in this direction is over.
  #forget(direction) {
    const running = this.#running;
    this.#offAt[direction] = this.#clock.now();
    this.#asked = null;
    this.#running = null;
    this.#timers.cancel('renew');
    if (running !== null) this.#tell.off(running);
  }
}
