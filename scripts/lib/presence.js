// SPDX-License-Identifier: Apache-2.0
// Somebody being there, as a hub sees it: from reports ten times a second, few messages. Presence comes at
// once and goes after a while without; distances are published when they have changed and not too often.

const quietMs = 5000;      // a sensor that has reported nothing for this long is gone
const checkMs = 1000;

const systemClock = {
  now: () => performance.now(),
  setTimeout: (fn, milliseconds) => setTimeout(fn, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
};

export class Presence {
  #device;
  #clock;
  #options;
  #entities;
  #seenAt = -Infinity;
  #reportedAt = -Infinity;
  #publishedAt = -Infinity;
  #shown = {distance: null, moving: null, still: null};
  /** @type {unknown} */
  #timer = null;

  // device: of deskd:hub. holdMs: how long nobody has to be seen. farthestCm: what is beyond is not meant.
  // updateMs, stepCm: distances are published this often at most, and when they differ by this at least.
  constructor(device, {clock = systemClock, holdMs, farthestCm, updateMs, stepCm}) {
    this.#device = device;
    this.#clock = clock;
    this.#options = {holdMs, farthestCm, updateMs, stepCm};
    const distance = (property, name, enabledByDefault) => device.sensor(property, {
      name, deviceClass: 'distance', unit: 'cm', stateClass: 'measurement', precision: 0, enabledByDefault,
    });
    this.#entities = {
      presence: device.binarySensor('presence', {name: 'Presence', deviceClass: 'occupancy'}),
      motion: device.binarySensor('motion', {name: 'Motion', deviceClass: 'motion'}),
      distance: distance('distance', 'Distance', true),
      moving: distance('moving-distance', 'Distance of what moves', false),
      still: distance('still-distance', 'Distance of what is still', false),
    };
    device.available(false);
  }

  // {moving, still, movingCm, stillCm}
  report({moving, still, movingCm, stillCm}) {
    const now = this.#clock.now();
    const near = {
      moving: moving && movingCm <= this.#options.farthestCm ? movingCm : null,
      still: still && stillCm <= this.#options.farthestCm ? stillCm : null,
    };
    const seen = near.moving !== null || near.still !== null;
    if (seen) this.#seenAt = now;
    if (now - this.#reportedAt > quietMs) this.#device.available(true);
    this.#reportedAt = now;
    this.#entities.presence.set(this.#present(now));
    this.#entities.motion.set(near.moving !== null);
    this.#showDistances({distance: near.moving === null ? near.still : near.moving, ...near}, now);
    if (this.#timer === null) this.#check();
  }

  // The sensor is gone.
  lost() {
    this.#cancel();
    this.#reportedAt = -Infinity;
    this.#seenAt = -Infinity;
    this.#device.available(false);
  }

  close() { this.#cancel(); }

  #present(now) { return now - this.#seenAt < this.#options.holdMs; }

  #showDistances(values, now) {
    const appears =
      Object.keys(values).some((name) => (values[name] === null) !== (this.#shown[name] === null));
    if (!appears && now - this.#publishedAt < this.#options.updateMs) return;
    for (const [name, value] of Object.entries(values)) {
      const before = this.#shown[name];
      const near = value !== null && before !== null && Math.abs(value - before) < this.#options.stepCm;
      if (near) continue;
      this.#shown[name] = value;
      this.#publishedAt = now;
      this.#entities[name].set(value);
    }
  }

  #check() {
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      const now = this.#clock.now();
      if (now - this.#reportedAt > quietMs) {
        this.lost();
        return;
      }
      this.#entities.presence.set(this.#present(now));
      this.#check();
    }, checkMs);
  }

  #cancel() {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
