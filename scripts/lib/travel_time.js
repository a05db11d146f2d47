// SPDX-License-Identifier: Apache-2.0
// Where a desk is that nobody measures: from how long it was driven. Unknown until it has been at an end, and
// less certain with each move; at an end it is certain again. Pure; time is handed in.
//
// The last millimetres before an end are slow in these books, by what may be missing: a desk that is sent to
// an end is driven until it must be there.

const nearEndMm = 10;
const endMm = 3;          // this near to an end, in the books, it is there
const errorPerStartMm = 1;
const errorPerMm = 0.01;

export class TravelTime {
  #minMm;
  #maxMm;
  #mmPerMs;
  /** @type {number | null} */
  #mm = null;
  #errorMm = 0;
  #sign = 0;
  #at = 0;

  // upMs, downMs: from one end to the other.
  constructor({minMm, maxMm, upMs, downMs}) {
    this.#minMm = minMm;
    this.#maxMm = maxMm;
    this.#mmPerMs = {up: (maxMm - minMm) / upMs, down: (maxMm - minMm) / downMs};
  }

  // null: not known.
  get mm() { return this.#mm; }

  // It may be this far off.
  get errorMm() { return this.#errorMm; }

  // It is driven from now on.
  begin(direction, now) {
    this.advance(now);
    this.#sign = direction === 'up' ? 1 : -1;
    this.#at = now;
    this.#errorMm += errorPerStartMm;
  }

  end(now) {
    this.advance(now);
    this.#sign = 0;
  }

  // Returns where it is by now.
  advance(now) {
    let leftMs = now - this.#at;
    this.#at = now;
    if (this.#sign === 0 || this.#mm === null) return this.#mm;
    const goal = this.#sign > 0 ? this.#maxMm : this.#minMm;
    const speed = this.#mmPerMs[this.#sign > 0 ? 'up' : 'down'];
    const freeMm = Math.max(0, (goal - this.#mm) * this.#sign - nearEndMm);
    const fastMs = Math.min(leftMs, freeMm / speed);
    leftMs -= fastMs;
    this.#errorMm += fastMs * speed * errorPerMm;
    const slow = speed * (nearEndMm - endMm) / (nearEndMm + this.#errorMm);
    this.#mm += (fastMs * speed + leftMs * slow) * this.#sign;
    if ((goal - this.#mm) * this.#sign <= endMm) this.atEnd(this.#sign > 0 ? 'up' : 'down');
    return this.#mm;
  }

  // It is known to be there.
  atEnd(direction) {
    this.#mm = direction === 'up' ? this.#maxMm : this.#minMm;
    this.#errorMm = 0;
  }

  forget() {
    this.#mm = null;
    this.#errorMm = 0;
  }
}
