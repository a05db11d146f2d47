// SPDX-License-Identifier: Apache-2.0
import {systemClock, Timers} from '../../scripts/lib/timers.js';
import {FakeClock} from './fake_clock.js';
import {assert, run, test} from './harness.js';

test('a name is one timer: setting it again replaces it', async () => {
  const clock = new FakeClock();
  const timers = new Timers(clock);
  const fired = [];
  timers.after('a', 100, () => fired.push('first'));
  timers.after('b', 150, () => fired.push('other'));
  await clock.advance(50);
  timers.after('a', 100, () => fired.push('second'));
  await clock.advance(200);
  assert.equal([fired, clock.pending], [['other', 'second'], 0]);
});

test('what is cancelled does not fire, and may be set again', async () => {
  const clock = new FakeClock();
  const timers = new Timers(clock);
  const fired = [];
  timers.after('a', 100, () => fired.push('a'));
  timers.after('b', 100, () => fired.push('b'));
  timers.cancel('a');
  timers.cancel('unknown');
  await clock.advance(50);
  timers.after('c', 100, () => fired.push('c'));
  timers.cancelAll();
  assert.equal(clock.pending, 0);
  timers.after('a', 100, () => fired.push('again'));
  await clock.advance(200);
  assert.equal(fired, ['again']);
});

test('a timer may set itself again', async () => {
  const clock = new FakeClock();
  const timers = new Timers(clock);
  let count = 0;
  const again = () => { if (++count < 3) timers.after('a', 10, again); };
  timers.after('a', 10, again);
  await clock.advance(100);
  assert.equal([count, clock.pending], [3, 0]);
});

test('the system has a clock, too', async () => {
  const timers = new Timers(systemClock);
  const at = systemClock.now();
  await new Promise((resolve) => { timers.after('a', 5, resolve); });
  assert.ok(systemClock.now() - at >= 4);
});

await run();
