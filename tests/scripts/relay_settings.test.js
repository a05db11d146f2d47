// SPDX-License-Identifier: Apache-2.0
import {relaySettings} from '../../scripts/lib/relay_settings.js';
import {assert, run, test} from './harness.js';

const pins = {up: 'GPIO17', down: 'GPIO27', min_mm: 650, max_mm: 1250};
const laser = {...pins, height: 'vl53l0x'};

test('what must be there is enough', () => {
  const options = relaySettings(laser);
  assert.equal(options.relays, {
    up: 'GPIO17', down: 'GPIO27', activeLow: false, maxOnMs: 30000, restMs: 10000, deadTimeMs: 500, leaseMs: 600,
  });
  assert.equal(options.height, {kind: 'vl53l0x', offsetMm: 0, everyMs: 50, bus: 1, address: 0x29});
  assert.equal([options.current, options.hands], [null, {lines: {}, activeLow: true}]);
  assert.equal(options.driver, {
    minMm: 650, maxMm: 1250, deadTimeMs: 500, leaseMs: 600, tapMs: 80, duty: {onMs: 120000, offMs: 1080000},
  });
  assert.equal([options.desk.minMm, options.desk.maxMm, options.hub.presets], [650, 1250, []]);
});

test('settings come out in milliseconds and where they belong', () => {
  const {relays, height, current, hands, driver, hub, desk} = relaySettings({
    ...pins, active_low: true, dead_time_ms: 200, lease_ms: 300, max_on_s: 40, max_on_rest_s: 0, height: 'ultrasonic',
    trigger: 'GPIO23', echo: 'GPIO24', offset_mm: -20, current_address: 0x41, bus: 'i2c-3', shunt_ohm: 0.01,
    limit_a: 4, limit_ms: 100, inrush_ms: 700, rollback_mm: 10, rollback_ms: 900, hand_up: 'GPIO5',
    hand_active_low: false, tap_ms: 60, run_s: 0, rest_s: 60, speed_mm_per_s: 12, presets: {sit: 720},
  });
  assert.equal([relays.activeLow, relays.deadTimeMs, relays.leaseMs, relays.maxOnMs, relays.restMs],
    [true, 200, 300, 40000, 0]);
  assert.equal(height, {kind: 'ultrasonic', offsetMm: -20, everyMs: 65, trigger: 'GPIO23', echo: 'GPIO24'});
  assert.equal(current, {
    bus: 'i2c-3', address: 0x41, shuntOhm: 0.01, rollback: {mm: 10, ms: 900},
    limits: {limitA: 4, limitMs: 100, idleA: 0.2, inrushMs: 700, endMs: 150},
  });
  assert.equal(hands, {lines: {up: 'GPIO5'}, activeLow: false});
  assert.equal([driver.tapMs, driver.duty, hub.presets], [60, {onMs: 0, offMs: 60000}, [{name: 'sit', heightMm: 720}]]);
  assert.equal(desk.speedMmPerS, 12);
});

test('a desk that counts may be driven long enough to find its end', () => {
  const counted = {...pins, height: 'time', travel_up_s: 40, travel_down_s: 50};
  const {relays, height} = relaySettings(counted);
  assert.equal([relays.maxOnMs, height], [65000, {kind: 'time', upMs: 40000, downMs: 50000, mostErrorMm: 100}]);
  assert.throws(() => relaySettings({...counted, max_on_s: 60}),
    {message: /max_on_s: expected seconds from 65 to 600, found 60/});
});

test('what is wrong is named', () => {
  const complaint = (settings) => {
    try {
      relaySettings(Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)));
    } catch (error) {
      assert.equal(error.name, 'TypeError');
      return error.message.replace(/^.*\.toml: /, '');
    }
    return 'nothing';
  };
  assert.match(complaint({...laser, up: undefined}),
    /^up: expected the line that drives the relay .* such as "GPIO17", found none$/);
  assert.match(complaint({...laser, down: ''}), /^down: expected the line .*, found ""$/);
  assert.equal(complaint({...laser, up: 17}), 'up: expected a text in quotes, found 17');
  assert.equal(complaint({...laser, active_low: 1}), 'active_low: expected true or false, found 1');
  assert.equal(complaint({...laser, bus: true}), 'bus: expected a number or a text in quotes, found true');
  assert.match(complaint({...laser, port: '/dev/serial0'}), /^port: is no setting/);
  assert.match(complaint({...laser, goto: 'step'}), /^goto: is no setting/);
  assert.match(complaint({...laser, deadtime_ms: 5}), /^deadtime_ms: is no setting.*did you mean dead_time_ms\?$/);
  assert.equal(complaint(pins), 'height: expected one of "vl53l0x", "vl53l1x", "ultrasonic", "time", found none');
  assert.match(complaint({...laser, height: 'laser'}), /found "laser"$/);
  assert.equal(complaint({...laser, max_mm: undefined}), 'max_mm: expected millimetres from 200 to 2500, found none');
  assert.equal(complaint({...laser, max_mm: 660}), 'max_mm: expected at least 20 above min_mm (650), found 660');
  assert.equal(complaint({...laser, dead_time_ms: 5}), 'dead_time_ms: expected milliseconds from 20 to 10000, found 5');
  assert.equal(complaint({...laser, trigger: 'GPIO23'}),
    'trigger: expected none, because height is "vl53l0x", found "GPIO23"');
  assert.match(complaint({...pins, height: 'ultrasonic', trigger: 'GPIO23'}), /^echo: expected the line/);
  assert.equal(complaint({...pins, height: 'time', travel_up_s: 20}),
    'travel_down_s: expected seconds from 1 to 600, found none');
  assert.equal(complaint({...laser, limit_a: 2}),
    'limit_a: expected none, because there is no current_address, found 2');
  assert.equal(complaint({...laser, current_address: 0x40}), 'limit_a: expected amperes from 0.05 to 1000, found none');
  assert.equal(complaint({...laser, current_address: 0x29, limit_a: 2}),
    'current_address: expected a number from 64 to 79, found 41');
  assert.equal(complaint({...laser, presets: {sit: 'slot 1'}}),
    'presets.sit: expected millimetres from 650 to 1250, found "slot 1"');
  assert.equal(complaint({...laser, presets: {sit: 600}}),
    'presets.sit: expected millimetres from 650 to 1250, found 600');
  assert.equal(complaint({...laser, hand_active_low: true}),
    'hand_active_low: expected none, because there is neither hand_up nor hand_down, found true');
});

await run();
