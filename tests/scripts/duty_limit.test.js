// SPDX-License-Identifier: Apache-2.0
import {DutyLimit} from '../../scripts/lib/duty_limit.js';
import {assert, run, test} from './harness.js';

test('two minutes in a row need eighteen of rest', () => {
  const duty = new DutyLimit({onMs: 120000, offMs: 1080000});
  for (let now = 100; now <= 119900; now += 100) duty.ran(100, now);
  assert.equal(duty.exhausted, false);
  duty.ran(100, 120000);
  assert.equal(duty.exhausted, true);
  assert.near(duty.restMs(120000), 1080000, 1);
  assert.near(duty.restMs(120000 + 1080000), 0, 1);
  assert.equal(duty.exhausted, false);
});

test('rest in between is made good in proportion', () => {
  const duty = new DutyLimit({onMs: 120000, offMs: 1080000});
  let now = 0;
  for (let round = 0; round < 100; round++) {
    now += 10000;
    duty.ran(10000, now);
    now += 90000;
  }
  assert.equal(duty.exhausted, false);
});

test('without a limit nothing is ever exhausted', () => {
  const duty = new DutyLimit({onMs: 0, offMs: 0});
  duty.ran(10000000, 10000000);
  assert.equal([duty.exhausted, duty.restMs(10000000)], [false, 0]);
});

await run();
