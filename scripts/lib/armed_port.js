// SPDX-License-Identifier: Apache-2.0
// A serial port whose device travels on by itself: while it does, the port is armed, so that deskd-guard
// stops the device if this script does not live or its loop does not turn. The port has to be opened with
// `failsafe`, with this lease.

import {Timers} from './timers.js';

export const leaseMs = 1000;
const renewMs = 250;

export class ArmedPort {
  #port;
  #log;
  #timers;
  #armed = false;

  constructor({port, clock, log}) {
    this.#port = port;
    this.#log = log;
    this.#timers = new Timers(clock);
  }

  // Calls `stopped` when the guard has stopped the device. Returns the function that unsubscribes.
  onStopped(stopped) {
    if (!this.#port.arm) return () => {};
    return this.#port.on('stopped', ({reason}) => {
      if (!this.#armed) return;
      this.#log.warning(`the desk was stopped by deskd-guard: ${reason}`);
      this.#armed = false;
      this.leave();
      stopped();
    });
  }

  // Until disarm(). Again for each command, also while it is armed.
  arm() {
    if (!this.#port.arm || !this.#port.connected) return;
    this.#armed = true;
    this.#port.arm().catch(
      (error) => this.#log.warning(`nobody else would stop the desk: ${error.message}`));
    this.#renewLater();
  }

  // The device is at rest.
  disarm() {
    this.leave();
    if (!this.#armed) return;
    this.#armed = false;
    this.#port.disarm().catch((error) => this.#log.warning(error.message));
  }

  // Nobody renews it any more: closing the port, or the end of its lease, has the guard stop the device.
  leave() { this.#timers.cancelAll(); }

  #renewLater() {
    this.#timers.after('lease', renewMs, () => {
      this.#port.renew();
      this.#renewLater();
    });
  }
}
