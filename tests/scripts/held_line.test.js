// SPDX-License-Identifier: Apache-2.0
import {HeldLine} from '../../scripts/lib/held_line.js';
import {assert, run, test} from './harness.js';

// A GPIO line that one may hold at a time, and what it did.
function fakeLine() {
  const line = {levels: [], held: false, refuses: false};
  line.open = async (level) => {
    assert.ok(!line.held, 'one at a time');
    if (line.refuses) throw Object.assign(new Error('busy'), {code: 'EBUSY'});
    line.held = true;
    line.levels.push(level);
    return {
      close() {
        line.held = false;
        line.levels.push(level);  // the safe level
      },
    };
  };
  return line;
}

// The levels without repetitions: what a wire sees.
const seen = ({levels}) => levels.filter((level, at) => level !== levels[at - 1]);

test('changes its level once for each set, and is left as it is', async () => {
  const line = fakeLine();
  const held = await HeldLine.open(line.open, true);
  assert.equal([held.value, seen(line)], [true, [true]]);
  await held.set(false);
  assert.equal([held.value, seen(line)], [false, [true, false]]);
  await held.set(true);
  held.close();
  assert.equal([seen(line), line.held], [[true, false, true], false]);
  held.close();
});

test('levels that follow each other closely come in order', async () => {
  const line = fakeLine();
  const held = await HeldLine.open(line.open, false);
  held.set(true);
  held.set(false);
  await held.set(true);
  assert.equal(seen(line), [false, true, false, true]);
});

test('a line that cannot be had is tried again', async () => {
  const line = fakeLine();
  line.refuses = true;
  await assert.rejects(HeldLine.open(line.open, false), {code: 'EBUSY'});
  line.refuses = false;
  const held = await HeldLine.open(line.open, false);
  line.refuses = true;
  await assert.rejects(held.set(true), {code: 'EBUSY'});
  line.refuses = false;
  await held.set(true);
  assert.equal(seen(line), [false, true]);
});

test('closed, it takes no more', async () => {
  const line = fakeLine();
  const held = await HeldLine.open(line.open, false);
  const late = held.set(true);
  held.close();
  await late;
  await held.set(true);
  assert.equal(line.held, false);
});

await run();
