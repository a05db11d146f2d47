// SPDX-License-Identifier: Apache-2.0
// PIN20, by which a LoctekMotion controller is awake, and whether it is. It rises to wake the controller,
// which then asks for keys each 31 ms, and falls when that has gone to sleep. While the desk travels it must
// not fall: the controller would lose its position, and only a person could give it back.

import {Timers} from './timers.js';

const silentMs = 500;         // without a question it is not awake
const firstFrameMs = 2000;    // it speaks 140 to 520 ms after PIN20 has risen
const lowMs = 500;            // before it rises again
const restMs = 11000;         // PIN20 stays high this long after the last key or motion: ten and the coast
const unseenMs = 60000;       // the same if the end of the motion was not seen: no travel takes longer
const seenRestMs = 1000;      // of the same height is rest
const ownSleepMs = 2000;      // to wait for the controller's own goodbye beyond that
const mostAttempts = 3;
const probeMs = 30000;        // between attempts to find a controller that does not answer

export class LoctekSession {
  #pin20;
  #clock;
  #tell;
  #high;
  #risenAt;
  #polledAt = -Infinity;
  #movedAt;                   // motion, or a key of ours
  #restedAt;                  // the same height was shown as before
  #wanted = false;
  #attempts = 0;
  #goodbye = false;
  #timers;
  #stopped = false;

  // pin20: {value, set(level)}, see held_line.js. tell: {lost(), asleep(), failed(error)}.
  constructor({pin20, clock, tell}) {
    this.#pin20 = pin20;
    this.#clock = clock;
    this.#timers = new Timers(clock);
    this.#tell = tell;
    this.#high = pin20.value;
    // Whatever the desk was doing before this script began, its frames would tell.
    this.#risenAt = clock.now();
    this.#movedAt = clock.now();
    this.#restedAt = Infinity;
  }

  get high() { return this.#high; }
  get awake() { return this.#high && this.#clock.now() - this.#polledAt < silentMs; }

  // Whether the desk has come to rest since its last motion or key.
  get rests() { return this.#restedAt - this.#movedAt >= seenRestMs; }

  // Makes the controller awake; what it says tells when it is.
  wake() {
    if (this.#stopped || this.awake || this.#wanted) return;
    this.#wanted = true;
    this.#attempts = 0;
    this.#attempt();
  }

  // The controller has asked for keys.
  polled() {
    this.#polledAt = this.#clock.now();
    this.#goodbye = false;
    if (!this.#wanted || !this.#high) return;
    this.#wanted = false;
    this.#timers.cancel('wake');
    this.#armSleep();
  }

  moved() {
    this.#movedAt = this.#clock.now();
    if (this.#restedAt === Infinity) this.#restedAt = -Infinity;
    this.#goodbye = false;
    if (this.#high) this.#armSleep();
  }

  rested() { this.#restedAt = this.#clock.now(); }

  // The controller goes to sleep.
  goodbye() {
    this.#polledAt = -Infinity;
    if (this.#goodbye) return;
    this.#goodbye = true;
    this.#tell.asleep();
    this.#armSleep();
  }

  // The line is gone; what the desk does is not known any more.
  forget() {
    this.#polledAt = -Infinity;
    this.#wanted = false;
    this.#timers.cancel('wake');
    if (this.#high) this.#armSleep();
  }

  // Leaves PIN20 as it is.
  stop() {
    this.#stopped = true;
    this.#timers.cancelAll();
  }

  #attempt() {
    if (!this.#high) {
      this.#set(true);
      this.#risenAt = this.#clock.now();
      this.#await(firstFrameMs);
      return;
    }
    // Only a rising edge wakes it, so PIN20 has to fall first, and that has to wait.
    const now = this.#clock.now();
    const dueMs = Math.max(this.#mayFallAt(), this.#risenAt + firstFrameMs) - now;
    if (dueMs > 0) {
      this.#await(dueMs);
      return;
    }
    this.#fall();
    this.#timers.after('wake', lowMs, () => this.#attempt());
  }

  #await(milliseconds) {
    this.#timers.after('wake', milliseconds, () => {
      const now = this.#clock.now();
      const silent = now - this.#risenAt >= firstFrameMs && this.#mayFallAt() <= now;
      if (silent && ++this.#attempts >= mostAttempts) this.#giveUp();
      else this.#attempt();
    });
  }

  #giveUp() {
    this.#wanted = false;
    this.#fall();
    this.#tell.lost();
    this.#timers.after('wake', probeMs, () => this.wake());
  }

  #mayFallAt() { return this.#movedAt + (this.rests ? restMs : unseenMs); }

  #sleepsAt() {
    if (this.#goodbye) return this.#mayFallAt();
    return Math.max(this.#mayFallAt(), this.#risenAt + restMs) + ownSleepMs;
  }

  // PIN20 falls at the controller's goodbye, or some time after it should have come.
  #armSleep() {
    if (this.#stopped) return;
    this.#timers.after('sleep', Math.max(0, this.#sleepsAt() - this.#clock.now()), () => {
      if (!this.#high || this.#wanted) return;
      if (this.#sleepsAt() > this.#clock.now()) {
        this.#armSleep();
        return;
      }
      this.#fall();
      if (!this.#goodbye) this.#tell.asleep();
    });
  }

  #fall() {
    this.#timers.cancel('sleep');
    this.#goodbye = false;
    this.#polledAt = -Infinity;
    this.#set(false);
  }

  #set(level) {
    this.#high = level;
    this.#pin20.set(level).catch((error) => { if (error.code !== 'ERR_CLOSED') this.#tell.failed(error); });
  }
}
