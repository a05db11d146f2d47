// SPDX-License-Identifier: Apache-2.0
import {loctekSettings} from '../../scripts/lib/loctek_settings.js';
import {assert, run, test} from './harness.js';

test('only PIN20 has to be set', () => {
  const {port, pin20, keypadPort, driver, hub, desk} = loctekSettings({pin20: 'GPIO17'});
  assert.equal([port, pin20, keypadPort], ['/dev/serial0', 'GPIO17', null]);
  assert.equal(driver, {units: 'auto', refreshMs: 0, duty: {onMs: 120000, offMs: 1080000}});
  assert.equal(hub.presets.length, 4);
  assert.equal(desk, {});
});

test('settings come out in milliseconds and where they belong', () => {
  const {keypadPort, driver, desk} = loctekSettings({
    pin20: 'gpiochip0:17', keypad_port: '/dev/ttyAMA2', units: 'inch', refresh_s: 600, run_s: 0, rest_s: 60,
    min_mm: 610, max_mm: 1230,
  });
  assert.equal(keypadPort, '/dev/ttyAMA2');
  assert.equal(driver, {units: 'inch', refreshMs: 600000, duty: {onMs: 0, offMs: 60000}});
  assert.equal(desk, {minMm: 610, maxMm: 1230});
});

test('what is wrong is named', () => {
  assert.throws(() => loctekSettings({}), {name: 'TypeError', message: /pin20: .* line .*"GPIO17"/});
  assert.throws(() => loctekSettings({pin20: 17}), {message: /pin20: expected a text in quotes, found 17/});
  assert.throws(() => loctekSettings({pin20: 'GPIO17', units: 'mm'}),
    {message: /units: expected one of auto, cm, inch, found "mm"/});
  assert.throws(() => loctekSettings({pin20: 'GPIO17', run_s: -1}), {message: /run_s: expected seconds from 0 to 86400, found -1/});
  assert.throws(() => loctekSettings({pin20: 'GPIO17', pin: 1}), {message: /pin: is no setting/});
});

await run();
