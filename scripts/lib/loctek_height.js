// SPDX-License-Identifier: Apache-2.0
// Where the desk is, from what a LoctekMotion display shows. Below 100 cm it shows millimetres. From there on
// it shows whole centimetres, rounded: 101 is anything from 100.5 to 101.4. But the moment at which the
// number changes tells the height exactly, and speed and keys tell what happens until the next one.

const coarseMm = 5;       // a display that shows steps larger than this
const startMs = 450;      // from a key to motion (captured: FlexiSpot_MitM, session 1)
const coastMs = 200;      // from letting go to rest, at full speed; learned where millimetres are shown
const longestCoastMs = 1000;
const restMs = 700;       // after that it rests
const latencyMs = 30;     // a display comes each 62 ms, so what it shows is this old on average
const tapMm = 1;          // a tap moves it by this
const windowMs = 300;     // over which speed is measured where millimetres are shown
const slowest = 5;        // mm/s; what is outside was no steady motion
const fastest = 100;
const ownMs = 1500;       // motion this long after letting go is somebody else's

export class LoctekHeight {
  /** @type {{mm: number, coarse: boolean} | null} */
  #shown = null;          // {mm, coarse}
  /** @type {{mm: number, at: number, sign: number, edge: boolean} | null} */
  #mark = null;           // {mm, at, sign, edge}: it was there then, and moves on this way (0: rests)
  #driving = false;
  /** @type {number | null} */
  #releasedAt = null;
  #speedMmPerS = 22;
  #coastMs = coastMs;
  /** @type {number} */
  #pressedAt = Infinity;
  /** @type {{mm: number, at: number} | null} */
  #released = null;       // {mm, at}: from there on it coasts, in sight
  /** @type {{mm: number, at: number} | null} */
  #fine = null;

  // A height was shown; returns where the desk is.
  report(mm, resolutionMm, now) {
    const before = this.#shown;
    const coarse = resolutionMm > coarseMm;
    this.#shown = {mm, coarse};
    if (!coarse) {
      this.#mark = null;
      this.#measure(mm, now);
      this.#learnCoast(mm, now);
      return mm;
    }
    this.#fine = null;
    this.#released = null;
    if (before === null || Math.abs(mm - before.mm) > resolutionMm) this.#mark = null;
    else if (mm !== before.mm) this.#passEdge((mm + before.mm) / 2, Math.sign(mm - before.mm), now);
    return Math.round(this.#estimate(mm, resolutionMm / 2, now));
  }

  // Our own key for up (1) or down (-1) is held from now on, or none (0).
  keys(sign, now) {
    if (sign === 0 && !this.#driving) return;
    this.#driving = sign !== 0;
    if (sign === 0) {
      this.#releasedAt = now;
      const moved = now - this.#pressedAt > startMs + windowMs;
      this.#released = moved && this.#shown !== null ? {mm: this.#shown.mm, at: now} : null;
      const mark = this.#mark;
      if (mark !== null && !mark.edge && now < mark.at)
        this.#mark = {mm: mark.mm + mark.sign * tapMm, at: now, sign: 0, edge: false};
      return;
    }
    this.#pressedAt = now;
    this.#released = null;
    if (this.#shown !== null && this.#shown.coarse) {
      const mm = this.#estimate(this.#shown.mm, coarseMm, now);
      this.#mark = {mm, at: now + startMs, sign, edge: false};
    }
    this.#releasedAt = null;
  }

  forget() {
    this.#shown = null;
    this.#mark = null;
    this.#fine = null;
    this.#released = null;
    this.#releasedAt = null;
    this.#driving = false;
  }

  // Only in full motion: what starts or coasts is slower.
  #measure(mm, now) {
    if (!this.#driving || now - this.#pressedAt < startMs + windowMs) this.#fine = null;
    else if (this.#fine === null) this.#fine = {mm, at: now};
    if (this.#fine === null) return;
    const gapMs = now - this.#fine.at;
    if (gapMs < windowMs) return;
    this.#learn(Math.abs(mm - this.#fine.mm) * 1000 / gapMs);
    this.#fine = {mm, at: now};
  }

  #learnCoast(mm, now) {
    if (this.#released === null || now - this.#released.at < restMs) return;
    const milliseconds = Math.abs(mm - this.#released.mm) * 1000 / this.#speedMmPerS - latencyMs;
    this.#released = null;
    this.#coastMs = (this.#coastMs + Math.min(longestCoastMs, Math.max(0, milliseconds))) / 2;
  }

  #learn(speed) {
    if (speed >= slowest && speed <= fastest) this.#speedMmPerS = speed;
  }

  #passEdge(mm, sign, now) {
    const at = now - latencyMs;
    const mark = this.#mark;
    if (mark !== null && mark.edge && mark.sign === sign)
      this.#learn((Math.abs(mm - mark.mm) * 1000 / (at - mark.at) + this.#speedMmPerS) / 2);
    if (this.#releasedAt !== null && now - this.#releasedAt > ownMs) this.#releasedAt = null;
    this.#mark = {mm, at, sign, edge: true};
  }

  #estimate(mm, halfMm, now) {
    const mark = this.#mark;
    if (mark === null) return mm;
    const until = this.#releasedAt === null ? now : Math.min(now, this.#releasedAt + this.#coastMs);
    const wayMm = Math.max(0, until - mark.at) * this.#speedMmPerS / 1000;
    // The next edge is overdue: somebody else has moved it, and stopped on the way there.
    if (this.#releasedAt === null && !this.#driving && wayMm > 3 * halfMm) {
      this.#mark = null;
      return mm;
    }
    return Math.min(mm + halfMm, Math.max(mm - halfMm, mark.mm + mark.sign * wayMm));
  }
}
