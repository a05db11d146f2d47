// SPDX-License-Identifier: Apache-2.0
// Asks a sensor again and again, and starts it anew when it has failed.

const retryMs = 200;

export class SensorPoller {
  #sensor;
  #clock;
  #everyMs;
  #tell;
  /** @type {unknown} */
  #timer = null;
  #begun = false;
  #stopped = true;
  #asking = false;

  // sensor: {begin(), read()}; read() resolves with a value. tell: {value(value), failed(error)}.
  constructor({sensor, clock, everyMs, tell}) {
    this.#sensor = sensor;
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#tell = tell;
  }

  start() {
    this.#stopped = false;
    if (!this.#asking) this.#ask();
  }

  stop() {
    this.#stopped = true;
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  // From now on, and at once.
  setEvery(milliseconds) {
    if (milliseconds === this.#everyMs) return;
    const sooner = milliseconds < this.#everyMs;
    this.#everyMs = milliseconds;
    if (!sooner || this.#timer === null || !this.#begun) return;
    this.#clock.clearTimeout(this.#timer);
    this.#later(milliseconds);
  }

  async #ask() {
    this.#asking = true;
    let tell;
    let failed = false;
    try {
      if (!this.#begun) await this.#sensor.begin();
      this.#begun = true;
      const value = await this.#sensor.read();
      tell = () => this.#tell.value(value);
    } catch (error) {
      this.#begun = false;
      failed = true;
      tell = () => this.#tell.failed(error);
    }
    this.#asking = false;
    if (this.#stopped) return;
    this.#later(failed ? retryMs : this.#everyMs);
    tell();
  }

  #later(milliseconds) {
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#ask();
    }, milliseconds);
  }
}
