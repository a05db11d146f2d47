// SPDX-License-Identifier: Apache-2.0
// What scripts hold of a schedule. When it is due is native; here is what happens then.

import './dispose.js';
import {jobOptionNames, jobOptions} from './cron_options.js';
import {checkFunction, codedError, describe, requireKnown} from './errors.js';

// Of a job with overlap 'queue': runs that wait.
const mostWaiting = 16;

export class Jobs {
  #native;
  #memory;
  #warn;
  #names = new Set();

  // `memory`: see cron_memory.js. `warn` takes a line for the log.
  constructor(native, memory, warn) {
    this.#native = native;
    this.#memory = memory;
    this.#warn = warn;
  }

  // Calls fn({scheduled, missed}) whenever the expression says so, until the job is closed.
  schedule(expression, fn, options = {}) {
    requireKnown(options, jobOptionNames, 'schedule');
    const settings = jobOptions(expression, options);
    checkFunction(fn, 'schedule');
    const {name, when} = settings;
    if (this.#names.has(name))
      throw codedError('EEXIST', `name: expected one that no other job has, found ${describe(name)}`);
    // Only who makes up for missed runs needs to know the last one.
    const notes = name !== undefined && when.runMissed ? new Notes(this.#memory, name, when, this.#warn) : null;
    const job = new Job(this.#native, fn, settings, notes, () => { this.#names.delete(name); });
    if (name !== undefined) this.#names.add(name);
    return job;
  }
}

// A job's last run, as it is remembered from one life of the script to the next. It counts only for the same
// times: those of another expression were not missed.
class Notes {
  #memory;
  #name;
  #when;
  #warn;

  constructor(memory, name, {expression, timeZone}, warn) {
    this.#memory = memory;
    this.#name = name;
    this.#when = {expression, timeZone};
    this.#warn = warn;
  }

  // Resolves with milliseconds since 1970, undefined if there is no note, null if that is not known.
  async read() {
    try {
      const note = await this.#memory.get(this.#name);
      const {expression, timeZone} = this.#when;
      const fits = typeof note === 'object' && note !== null && Number.isFinite(note.at) &&
        note.expression === expression && note.timeZone === timeZone;
      return fits ? note.at : undefined;
    } catch (error) {
      this.#warn(`cron job ${this.#name}: cannot read its last run: ${error}, ignoring`);
      return null;
    }
  }

  async write(at) {
    try {
      await this.#memory.set(this.#name, {...this.#when, at});
    } catch (error) {
      this.#warn(`cron job ${this.#name}: cannot note its last run: ${error}, ignoring`);
    }
  }
}

class Job {
  #native;
  #id;
  #fn;
  #settings;
  #notes;
  #onClose;
  #previous = null;
  #running = 0;
  #waiting = [];  // {run, due, resolve}
  #skipped = 0;
  #closed = false;

  constructor(native, fn, settings, notes, onClose) {
    this.#native = native;
    this.#fn = fn;
    this.#settings = settings;
    this.#notes = notes;
    this.#onClose = onClose;
    this.#id = native.add(settings.when, (scheduledMs, missed) => this.#onDue(scheduledMs, missed));
    if (notes) this.#recall();
  }

  get expression() { return this.#settings.when.expression; }
  get name() { return this.#settings.name; }
  get closed() { return this.#closed; }

  // When it is due next, without jitter; null if never, or not known because the clock may be wrong.
  get next() {
    const ms = this.#closed ? undefined : this.#native.nextMs(this.#id);
    return ms === undefined ? null : new Date(ms);
  }

  // When fn was called last.
  get previous() { return this.#previous; }

  // Waits for the clock to become synchronised.
  get held() { return !this.#closed && this.#native.held(this.#id); }

  // Calls of fn that have not ended.
  get running() { return this.#running; }

  // Runs that were left out, because another was under way.
  get skipped() { return this.#skipped; }

  // As if it were due now. Resolves with true when fn has ended, with false if it was left out; rejects with
  // what fn throws.
  async run() {
    if (this.#closed) throw codedError('ERR_CLOSED', `cron job ${this.name ?? this.expression} is closed`);
    return this.#offer({scheduled: new Date(this.#native.nowMs()), missed: false}, false);
  }

  // Idempotent. A call of fn that is under way goes on; none begins any more.
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.remove(this.#id);
    this.#onClose();
    this.#dropWaiting();
  }

  [Symbol.dispose]() { this.close(); }

  async #recall() {
    const last = await this.#notes.read();
    if (this.#closed || this.#previous) return;
    if (typeof last === 'number') {
      this.#native.remember(this.#id, last);
    } else if (last === undefined && !this.#native.held(this.#id)) {
      // The first time ever: what comes from now on can be missed.
      this.#notes.write(this.#native.nowMs());
    }
  }

  // A rejection has no one to handle it: it ends the script, like an exception in a timer.
  #onDue(scheduledMs, missed) {
    // One call makes up for all that were missed.
    if (this.#notes) this.#notes.write(missed ? this.#native.nowMs() : scheduledMs);
    this.#offer({scheduled: new Date(scheduledMs), missed}, true);
  }

  #offer(run, due) {
    const {overlap} = this.#settings;
    if (this.#running === 0 || overlap === 'allow') return this.#execute(run, due);
    if (overlap === 'queue' && this.#waiting.length < mostWaiting)
      return new Promise((resolve) => { this.#waiting.push({run, due, resolve}); });
    this.#skipped++;
    return Promise.resolve(false);
  }

  async #execute(run, due) {
    this.#running++;
    this.#previous = new Date(this.#native.nowMs());
    const fn = this.#fn;
    try {
      await fn(run);
      return true;
    } catch (error) {
      if (due) this.#dropWaiting();  // the script is over
      throw error;
    } finally {
      this.#running--;
      const next = this.#waiting.shift();
      if (next) next.resolve(this.#execute(next.run, next.due));
    }
  }

  #dropWaiting() {
    for (const {resolve} of this.#waiting.splice(0)) resolve(false);
  }
}
