// SPDX-License-Identifier: Apache-2.0
// A desk of steel, motor and driver on a FakeClock: it accelerates at once, coasts after a stop, and reports
// its height every 200 ms while it moves. What can go wrong with a desk is a property.

export class FakeDesk {
  #clock;
  #sink = null;
  #timer = null;
  #goal = 0;           // +1, -1 or a height
  #coastLeft = 0;
  #unreported = 0;
  #readyAt = 0;

  heightMm;
  speedMmPerS = 30;
  coastMm = 4;
  startDelayMs = 300;
  minMm = 650;
  maxMm = 1250;
  blockedAtMm = null;  // cannot pass this height
  gotoWorks = true;
  gotoNudgeMm = null;  // goto ends after this much
  gotoOffsetMm = 0;    // goto ends this much off
  ignoresStop = false;
  silent = false;      // moves, but reports nothing
  answers = true;
  commands = [];       // what the driver was told, in order
  moving = 0;          // -1, 0, 1
  reversals = 0;       // commands against the motion, which controllers answer with a fault

  constructor(clock, heightMm = 800) {
    this.#clock = clock;
    this.heightMm = heightMm;
  }

  attach(sink) { this.#sink = sink; }
  get sink() { return this.#sink; }

  connect() {
    this.#sink.connected(true);
    this.report();
    this.report();
  }

  report() { if (!this.silent) this.#sink.height(Math.round(this.heightMm)); }

  raise() {
    this.commands.push('raise');
    this.#drive(1, null);
  }

  lower() {
    this.commands.push('lower');
    this.#drive(-1, null);
  }

  goto(mm) {
    this.commands.push(`goto ${mm}`);
    if (!this.gotoWorks) return;
    const sign = Math.sign(mm - this.heightMm);
    this.#drive(
      sign, this.gotoNudgeMm === null ? mm + this.gotoOffsetMm : this.heightMm + sign * this.gotoNudgeMm);
  }

  recall(slot) {
    this.commands.push(`recall ${slot}`);
    const mm = {1: 700, 2: 1100}[slot];
    if (mm !== undefined) this.#drive(Math.sign(mm - this.heightMm), mm);
  }

  stop() {
    this.commands.push('stop');
    if (this.ignoresStop) return;
    if (this.moving !== 0 && this.#coastLeft === 0) this.#coastLeft = this.coastMm;
    if (this.moving === 0) this.#goal = 0;
  }

  // What a driver that can tap does as tap().
  shortPress(direction, mm = 1) {
    this.commands.push(`tap ${direction}`);
    this.#clock.setTimeout(() => {
      this.heightMm += direction === 'up' ? mm : -mm;
      this.report();
    }, 300);
  }

  // Somebody at the desk's own keys.
  handMove(sign) { this.#drive(sign, null, 0); }
  handStop() {
    this.moving = 0;
    this.#goal = 0;
  }

  #drive(sign, targetMm, delayMs = this.startDelayMs) {
    if (sign === 0) return;
    if (this.moving === -sign) this.reversals++;
    this.#goal = targetMm === null ? sign * Infinity : targetMm;
    this.moving = sign;
    this.#coastLeft = 0;
    this.#readyAt = this.#clock.now() + delayMs;
    if (this.#timer === null) this.#schedule();
  }

  #schedule() { this.#timer = this.#clock.setTimeout(() => this.#step(), 20); }

  #step() {
    this.#timer = null;
    if (this.moving === 0) {
      this.report();
      return;
    }
    if (this.#clock.now() >= this.#readyAt) this.#advance(this.speedMmPerS * 0.02);
    this.#unreported += 20;
    if (this.#unreported >= 200) {
      this.#unreported = 0;
      this.report();
    }
    this.#schedule();
  }

  #advance(stepMm) {
    const before = this.heightMm;
    if (this.#coastLeft > 0) {
      this.#coastLeft -= stepMm;
      if (this.#coastLeft <= 0) this.moving = 0;
    }
    const next = this.heightMm + stepMm * Math.sign(this.#goal - this.heightMm || this.moving);
    const passed = Math.abs(this.#goal - this.heightMm) <= stepMm;
    this.heightMm = Math.min(this.maxMm, Math.max(this.minMm, passed ? this.#goal : next));
    if (this.blockedAtMm !== null && before <= this.blockedAtMm) {
      this.heightMm = Math.min(this.blockedAtMm, this.heightMm);
    }
    if (passed) this.moving = 0;
  }
}
