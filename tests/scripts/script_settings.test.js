// SPDX-License-Identifier: Apache-2.0
import {scriptSettings} from '../../scripts/lib/script_settings.js';
import {assert, run, test} from './harness.js';

const defaults = {line: 'GPIO17', debounce_ms: 10, active_low: true};

test('what is not set has its default', () => {
  assert.equal(scriptSettings({}, defaults), defaults);
  assert.equal(scriptSettings({line: 'GPIO4', title: 'Bell', limits: {}, device: {}}, defaults),
    {...defaults, line: 'GPIO4'});
});

test('what is wrong is named', () => {
  const refuses = (settings, message) =>
    assert.throws(() => scriptSettings(settings, defaults), {name: 'TypeError', message});
  refuses({lien: 'GPIO4'}, /setting lien: expected one of line, debounce_ms, active_low$/);
  refuses({line: 4}, /setting line: expected a string, found 4/);
  refuses({debounce_ms: '10'}, /setting debounce_ms: expected a number, found "10"/);
  refuses({toString: 1}, /setting toString: expected one of/);
});

await run();
