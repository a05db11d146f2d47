// SPDX-License-Identifier: Apache-2.0
import {deskSettings} from '../../scripts/lib/desk_settings.js';
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
  assert.throws(() => deskSettings({prot: 'x'}), {name: 'TypeError', message: /prot: expected one of port/});
  assert.throws(() => deskSettings({min_mm: '650'}), {message: /min_mm: expected a number, found "650"/});
  assert.throws(() => deskSettings({goto: 'never'}), {message: /setting goto: expected "auto" or "step"/});
  assert.throws(() => deskSettings({presets: {sit: 'slot 5'}}), {message: /presets.sit: .*found "slot 5"/});
  assert.throws(() => deskSettings({presets: {sit: true}}), {message: /presets.sit: .*found true/});
});

await run();
