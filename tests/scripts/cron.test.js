// SPDX-License-Identifier: Apache-2.0
// deskd:cron on the machine's own clock, and what its jobs remember.
import {next, schedule} from 'deskd:cron';
import {Jobs} from '../../bindings/js/cron_job.js';
import {settle} from './fake_clock.js';
import {assert, run, test} from './harness.js';

// native:cron, as bindings/cron.cpp is seen from JavaScript.
class FakeNative {
  remembered = [];
  isHeld = false;
  now = 1000;

  add(when, due) {
    this.due = due;
    return 1;
  }
  remove() {}
  remember(id, ms) { this.remembered.push(ms); }
  held() { return this.isHeld; }
  nextMs() { return undefined; }
  nowMs() { return this.now; }
}

class FakeMemory {
  notes = new Map();
  broken = false;

  async get(name) {
    if (this.broken) throw new Error('disk full');
    return this.notes.get(name);
  }
  async set(name, value) {
    if (this.broken) throw new Error('disk full');
    this.notes.set(name, value);
  }
}

function setup() {
  const native = new FakeNative();
  const memory = new FakeMemory();
  const warnings = [];
  const jobs = new Jobs(native, memory, (text) => warnings.push(text));
  return {native, memory, warnings, make: (options, fn = () => {}) => jobs.schedule('0 7 * * *', fn, options)};
}

const note = (at, changes) => ({expression: '0 7 * * *', timeZone: '', at, ...changes});

test('runs by the machine\'s clock, on the second', async () => {
  const before = Date.now();
  const {scheduled, missed} = await new Promise((resolve) => {
    const job = schedule('* * * * * *', (info) => {
      job.close();
      resolve(info);
    }, {unsynchronized: 'run'});
  });
  assert.ok(Date.now() >= scheduled.getTime() && scheduled.getTime() > before);
  assert.equal([scheduled.getTime() % 1000, missed], [0, false]);
});

test('the next time is in the machine\'s zone unless another is named', () => {
  const here = next('0 12 * * *');
  assert.equal([here.getHours(), here.getMinutes()], [12, 0]);
  assert.equal(next('0 12 * * *', {timeZone: 'UTC', after: 0}), new Date(43200000));
});

test('a job that makes up for missed runs notes when it was first made and each run', async () => {
  const {native, memory, make} = setup();
  make({missed: 'run', name: 'a'});
  await settle();
  assert.equal(memory.notes.get('a'), note(1000));
  native.due(7000, false);
  await settle();
  assert.equal(memory.notes.get('a'), note(7000));
  assert.equal(native.remembered, []);
  native.due(500, true);
  await settle();
  assert.equal(memory.notes.get('a'), note(1000), 'a call that makes up for all until now');
});

test('it goes by its note, also that of another life', async () => {
  const {native, memory, make} = setup();
  memory.notes.set('a', note(500));
  make({missed: 'run', name: 'a'});
  await settle();
  assert.equal(native.remembered, [500]);
});

test('a note that is none, or of other times, is replaced', async () => {
  for (const found of [null, 5, {}, note('x'), note(5, {expression: '0 8 * * *'}), note(5, {timeZone: 'UTC'})]) {
    const {native, memory, make} = setup();
    memory.notes.set('a', found);
    make({missed: 'run', name: 'a'});
    await settle();
    assert.equal(native.remembered, []);
    assert.equal(memory.notes.get('a'), note(1000));
  }
});

test('nothing is noted by a clock that may be wrong, by other jobs, or of a job that was closed', async () => {
  const {native, memory, make} = setup();
  make({missed: 'run'});
  make({name: 'a'});
  native.isHeld = true;
  make({missed: 'run', name: 'b'});
  native.isHeld = false;
  await settle();
  memory.notes.clear();
  make({missed: 'run', name: 'c'}).close();
  make({missed: 'run', name: 'c'}).close();
  await settle();
  assert.equal(memory.notes, new Map());
});

test('a memory that fails is told and does no harm', async () => {
  const {native, memory, warnings, make} = setup();
  memory.broken = true;
  let runs = 0;
  make({missed: 'run', name: 'a'}, () => { runs++; });
  await settle();
  native.due(7000, false);
  await settle();
  assert.equal(runs, 1);
  assert.equal(warnings, [
    'cron job a: cannot read its last run: Error: disk full, ignoring',
    'cron job a: cannot note its last run: Error: disk full, ignoring',
  ]);
});

test('a run that comes before the note is read counts more', async () => {
  const {native, memory, make} = setup();
  memory.notes.set('a', note(500));
  make({missed: 'run', name: 'a'});
  native.due(7000, false);
  await settle();
  assert.equal(native.remembered, []);
  assert.equal(memory.notes.get('a'), note(7000));
});

await run();
