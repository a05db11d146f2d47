// SPDX-License-Identifier: Apache-2.0
// Test cases of the project's own JavaScript, run by deskd's host: a file registers its cases with test() and
// ends with `await run()`, which throws if any failed and so fails the script. What scripts test themselves
// with is deskd:test, made of the same parts.

import {inspect} from '../../bindings/js/inspect.js';
import {TestCases} from '../../bindings/js/test_cases.js';

export {assert} from '../../bindings/js/test_assert.js';

const cases = new TestCases();

export const test = (name, fn) => cases.add(name, fn);

export async function run() {
  const failed = await cases.run({
    passed: (name) => console.log(`ok ${name}`),
    failed: (name, error) => console.error(`FAILED ${name}\n${inspect(error)}`),
  });
  console.log(`${cases.count - failed.length} of ${cases.count} passed`);
  if (cases.count === 0) throw new Error('expected test cases, found none');
  if (failed.length > 0) throw new Error(`failed: ${failed.join('; ')}`);
}
