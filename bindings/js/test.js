// SPDX-License-Identifier: Apache-2.0
// deskd:test: what `deskctl test` runs. Cases begin when the file's top level has ended.

import * as native from 'native:test';
import {codedError} from './errors.js';
import {inspect} from './inspect.js';
import {assert} from './test_assert.js';
import {TestCases} from './test_cases.js';
import {TestClock} from './test_clock.js';

if (!native.available) {
  throw codedError('ERR_NOT_TESTING',
    'deskd:test: expected a test (deskctl test NAME.test.js), found a script that runs by itself');
}

const cases = new TestCases();
const clock = new TestClock();

export {assert, clock};

export function test(name, fn) { cases.add(name, fn); }

// What went wrong and where in the test's own files, indented.
function story(error) {
  if (!(error instanceof Error)) return `  ${inspect(error)}`;
  const frames = String(error.stack).split('\n').filter((line) => /^ *at .*\/.*:\d+:\d+\)?$/.test(line));
  return [`${error.name}: ${error.message}`, ...frames.map((line) => line.trim())]
    .map((line) => `  ${line}`).join('\n');
}

native.setRunner(async () => {
  const failed = await cases.run({
    passed: (name) => console.log(`ok ${name}`),
    failed: (name, error) => console.log(`FAILED ${name}\n${story(error)}`),
    after: () => clock.thaw(),
  });
  console.log(`${cases.count - failed.length} of ${cases.count} passed`);
  return cases.count === 0 ? 1 : failed.length;
});
