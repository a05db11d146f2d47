// SPDX-License-Identifier: Apache-2.0
import {log, name, onUnload, settings, simulated} from 'deskd:script';
import {assert, run, test} from './harness.js';

test('a script knows its name, settings and whether it is simulated', () => {
  assert.equal([name, typeof settings, typeof simulated], ['script', 'object', 'boolean']);
  assert.ok(Object.isFrozen(settings));
});

test('the log takes what the console takes', () => {
  for (const write of Object.values(log)) write('%s and %o', 'text', {a: 1});
  assert.equal(Object.keys(log), ['error', 'warning', 'notice', 'info', 'debug']);
});

test('unload handlers are checked', () => {
  assert.throws(() => onUnload(5), {name: 'TypeError', message: /onUnload: expected a function, found 5/});
  assert.throws(() => onUnload(() => {}, {timeout: 0}), {name: 'RangeError', message: /timeout: /});
  const withdraw = onUnload(() => { throw new Error('was withdrawn'); });
  withdraw();
});

await run();
