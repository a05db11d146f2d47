// SPDX-License-Identifier: Apache-2.0
import {name as script} from 'deskd:script';
import {deskSettings, flag, numbers, text} from '../../scripts/lib/desk_settings.js';
import {assert, run, test} from './harness.js';

test('nothing set gives the defaults of the script', () => {
  assert.equal(deskSettings({}, {port: '/dev/serial0', manufacturer: 'Maker'}), {
    port: '/dev/serial0', native: true, limits: {}, device: {manufacturer: 'Maker'}, desk: {},
    hub: {cover: true, presets: []},
  });
});

test('settings of a desk come out where they belong', () => {
  const settings = {
    port: '/dev/ttyAMA0', title: 'Desk', model: 'M', area: 'Office', min_mm: 650, max_mm: 1200, goto: 'step',
    cover: false, presets: {sit: 720, stand: 'slot 2'}, update_ms: 500, offline_stop_ms: 0,
    max_moves_per_hour: 20, limits: {turn_ms: 100},
  };
  assert.equal(deskSettings(settings), {
    port: '/dev/ttyAMA0', native: false, limits: {minMm: 650, maxMm: 1200},
    device: {model: 'M', area: 'Office'}, desk: {minMm: 650, maxMm: 1200, maxMovesPerHour: 20},
    hub: {
      cover: false, presets: [{name: 'sit', heightMm: 720}, {name: 'stand', slot: 2}], updateMs: 500,
      offlineStopMs: 0,
    },
  });
});

test('what is wrong is named', () => {
  const message = (settings) => {
    try {
      deskSettings(settings);
    } catch (error) {
      assert.equal(error.name, 'TypeError');
      return error.message;
    }
    return 'nothing';
  };
  const file = `${script}.toml: `;
  assert.equal(message({min_mm: '650'}), file + 'min_mm: expected a number, found "650"');
  assert.equal(message({cover: 1}), file + 'cover: expected true or false, found 1');
  assert.equal(message({port: true}), file + 'port: expected a text in quotes, found true');
  assert.equal(message({presets: ['a']}), file + 'presets: expected a table, [presets], found ["a"]');
  assert.equal(message({goto: 'never'}), file + 'goto: expected "auto" or "step", found "never"');
  const places = 'expected millimetres or "slot 1" to "slot 4"';
  assert.equal(message({presets: {sit: 'slot 5'}}), file + `presets.sit: ${places}, found "slot 5"`);
  assert.equal(message({presets: {sit: true}}), file + `presets.sit: ${places}, found true`);
});

test('an unknown key is told the nearest one there is', () => {
  const meant = (key) => {
    try {
      deskSettings({[key]: 'x'});
    } catch (error) {
      return /: (\w+): is no setting, found "x"; (did you mean (\w+)\?|there are port, )/.exec(error.message);
    }
    return null;
  };
  assert.equal(meant('prot')[3], 'port');
  assert.equal(meant('max')[3], 'max_mm');
  assert.equal(meant('titel')[3], 'title');
  assert.equal(meant('offline_stop')[3], 'offline_stop_ms');
  assert.equal(meant('colour')[2], 'there are port, ');
});

test('the stack of a mistake has no place in the library that found it', () => {
  assert.throws(() => deskSettings({prot: 'x'}), {stack: /^(?!.*desk_settings\.js).*test\.js/s});
});

test('a script may have settings of its own', () => {
  const own = {pin20: text};
  assert.equal(deskSettings({pin20: 'GPIO17'}, {port: 'x'}, own).port, 'x');
  assert.throws(() => deskSettings({pin20: 17}, {}, own), {message: /pin20: expected a text in quotes, found 17/});
  assert.throws(() => deskSettings({pin20: 'GPIO17'}), {message: /pin20: is no setting/});
});

test('or lack one that the others have', () => {
  const own = {port: null, bus: numbers, active_low: flag};
  assert.throws(() => deskSettings({port: 'x'}, {}, own), {message: /port: is no setting/});
  deskSettings({bus: 1, active_low: true}, {}, own);
  deskSettings({bus: 'i2c-1'}, {}, own);
  assert.throws(() => deskSettings({bus: true}, {}, own), {message: /bus: expected a number or a text in quotes, found true/});
  assert.throws(() => deskSettings({active_low: 1}, {}, own), {message: /active_low: expected true or false, found 1/});
});

await run();
