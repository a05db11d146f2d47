// SPDX-License-Identifier: Apache-2.0
// What a desk teaches while it moves: how far it coasts, how exactly it arrives, whether its controller's own
// goto can be relied on, and where its stored heights are. Forgotten when the script ends.

const mostCoastMm = 50;
const mostToleranceMm = 10;
const nudgesToDistrust = 2;
const samePresetMm = 5;

export class Experience {
  #toleranceMm;
  #stepToleranceMm;
  #learnedToleranceMm = 0;
  #coastMm;
  #coastLearned = null;  // in this direction first
  #nudges = 0;
  #seenPresets = new Map();  // slot -> where it ended last time

  gotoWorks = true;
  presetHeights = new Map();  // slot -> mm

  constructor({toleranceMm, stepToleranceMm, coastMm}) {
    this.#toleranceMm = toleranceMm;
    this.#stepToleranceMm = stepToleranceMm;
    this.#coastMm = {up: coastMm, down: coastMm};
  }

  toleranceMm(method) {
    return Math.max(method === 'step' ? this.#stepToleranceMm : this.#toleranceMm, this.#learnedToleranceMm);
  }

  coastMm(sign) { return this.#coastMm[sign > 0 ? 'up' : 'down']; }

  // What the first direction teaches is a better guess for the other one, too.
  coasted(sign, mm) {
    const direction = sign > 0 ? 'up' : 'down';
    this.#coastMm[direction] = (this.#coastMm[direction] + Math.min(mostCoastMm, Math.max(0, mm))) / 2;
    if (this.#coastLearned === null) {
      this.#coastMm = {up: this.#coastMm[direction], down: this.#coastMm[direction]};
      this.#coastLearned = direction;
    }
  }

  // The controller's goto has ended this far off. One that always does is as good as it gets.
  arrived(offMm) {
    this.#nudges = 0;
    if (offMm > this.#toleranceMm) this.#learnedToleranceMm = Math.min(mostToleranceMm, Math.ceil(offMm) + 1);
  }

  // The controller's goto ended soon after it began. It looks like a hand on the keypad, so one is not held
  // against it. Returns whether goto has just become distrusted.
  nudged() {
    this.#nudges++;
    if (this.#nudges < nudgesToDistrust || !this.gotoWorks) return false;
    this.gotoWorks = false;
    return true;
  }

  // A recalled preset has ended here. The first time counts; later a different height must be seen twice, for
  // a hand may have stopped the desk on its way. Returns whether a height was learned.
  presetReached(slot, mm) {
    const seen = this.#seenPresets.get(slot);
    this.#seenPresets.set(slot, mm);
    if (seen !== undefined && Math.abs(seen - mm) > samePresetMm) return false;
    this.presetHeights.set(slot, mm);
    return true;
  }
}
