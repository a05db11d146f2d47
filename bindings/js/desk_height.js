// SPDX-License-Identifier: Apache-2.0
// What is known about the height: readings that can be believed, speed, and when the desk last moved.

const slackMm = 10;               // a reading may differ by this much however soon it follows the last
const longestGapMs = 1000;        // silence longer than this allows no larger jump
const changeMm = 2;               // less is jitter; one step of a desk that reports tenths of inches is more
const motionMm = 4;               // this far from where it rested: the desk moves

export class HeightTracker {
  #believed = null;   // {mm, at}
  #doubted = null;    // a reading that does not follow from the believed one, until a second one agrees
  #changed = null;    // {mm, at}: where and when it last moved by changeMm
  #restMm = null;     // where it last was at rest
  #restMs;
  #fastestMmPerS;

  speedMmPerS = 0;    // signed, over the last readings

  constructor({restMs, fastestMmPerS}) {
    this.#restMs = restMs;
    this.#fastestMmPerS = fastestMmPerS;
  }

  get mm() { return this.#believed === null ? null : this.#believed.mm; }

  // Time of the last change of height, 0 if there was none yet.
  get changedAt() { return this.#changed === null ? 0 : this.#changed.at; }

  // Returns whether the reading is believed: it follows from the last one, or two in a row agree.
  report(mm, now) {
    if (!Number.isFinite(mm)) return false;
    const first = this.#believed === null;
    const agrees = !first && this.#follows(this.#believed, mm, now);
    if (!agrees && !(this.#doubted !== null && this.#follows(this.#doubted, mm, now))) {
      this.#doubted = {mm, at: now};
      return false;
    }
    this.#doubted = null;
    if (agrees) this.#measureSpeed(mm, now);
    this.#believed = {mm, at: now};
    if (this.#changed === null) this.#changed = {mm, at: 0};
    else if (Math.abs(mm - this.#changed.mm) >= changeMm) this.#changed = {mm, at: now};
    if (first) this.#restMm = mm;
    return true;
  }

  // Whether the height has not changed for the time that means rest. A desk that is silent is at rest.
  still(now) {
    return this.#changed === null || this.#changed.at === 0 || now - this.#changed.at >= this.#restMs;
  }

  // 'up' or 'down' once it has left the place where it rested, else null.
  direction(now) {
    if (this.#believed === null || this.still(now)) return null;
    const travelled = this.#believed.mm - this.#restMm;
    if (Math.abs(this.speedMmPerS) > 1 && Math.abs(travelled) >= motionMm)
      return this.speedMmPerS > 0 ? 'up' : 'down';
    return Math.abs(travelled) < motionMm ? null : travelled > 0 ? 'up' : 'down';
  }

  // The desk is at rest here.
  rest() {
    this.#restMm = this.mm;
    this.speedMmPerS = 0;
  }

  // Nothing is known any more.
  forget() {
    this.#believed = null;
    this.#doubted = null;
    this.#changed = null;
    this.#restMm = null;
    this.speedMmPerS = 0;
  }

  // Where the desk is by now if it has kept its speed since the last reading.
  estimate(now) {
    return this.mm + this.speedMmPerS * Math.min(longestGapMs, now - this.#believed.at) / 1000;
  }

  #follows(from, mm, now) {
    const gapMs = Math.min(longestGapMs, now - from.at);
    return Math.abs(mm - from.mm) <= slackMm + this.#fastestMmPerS * gapMs / 1000;
  }

  #measureSpeed(mm, now) {
    const gapMs = now - this.#believed.at;
    if (gapMs < 20) return;
    const latest = gapMs > longestGapMs ? 0 : (mm - this.#believed.mm) * 1000 / gapMs;
    // A change of direction counts at once; otherwise two readings are averaged against their rounding.
    this.speedMmPerS =
      Math.sign(latest) === Math.sign(this.speedMmPerS) ? (latest + this.speedMmPerS) / 2 : latest;
  }
}
