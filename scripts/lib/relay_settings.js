// SPDX-License-Identifier: Apache-2.0
// Settings of relay-desk.js beyond those that all desk scripts have.

import {deskSettings, expected, flag, number, numbers, text} from './desk_settings.js';

const kinds = {
  port: null, goto: null,  // there is no controller
  up: text, down: text, active_low: flag, dead_time_ms: number, lease_ms: number, max_on_s: number,
  max_on_rest_s: number, height: text, bus: numbers, address: number, trigger: text, echo: text, offset_mm: number,
  travel_up_s: number, travel_down_s: number, rehome_mm: number,
  current_address: number, shunt_ohm: number, limit_a: number, limit_ms: number, inrush_ms: number, idle_a: number,
  rollback_mm: number, rollback_ms: number, hand_up: text, hand_down: text, hand_active_low: flag, tap_ms: number,
  run_s: number, rest_s: number,
};
const heights = ['vl53l0x', 'vl53l1x', 'ultrasonic', 'time'];
const everyMs = {vl53l0x: 50, vl53l1x: 50, ultrasonic: 65};

class Reader {
  #settings;

  constructor(settings) { this.#settings = settings; }

  number(key, {min, max, unit = 'a number', fallback}) {
    const value = this.#settings[key] === undefined ? fallback : this.#settings[key];
    if (value >= min && value <= max) return value;
    throw expected(key, `${unit} from ${min} to ${max}`, value, relaySettings);
  }

  line(key, what) {
    const value = this.#settings[key];
    if (value !== undefined && value !== '') return value;
    throw expected(key, `the line that ${what}, such as "GPIO17"`, value, relaySettings);
  }

  // A setting that has no meaning beside the others is a mistake, too.
  refuse(keys, why) {
    for (const key of keys) {
      if (this.#settings[key] !== undefined)
        throw expected(key, `none, because ${why}`, this.#settings[key], relaySettings);
    }
  }
}

function relays(read) {
  return {
    up: read.line('up', 'drives the relay that raises the desk'),
    down: read.line('down', 'drives the relay that lowers it'),
    deadTimeMs: read.number('dead_time_ms', {min: 20, max: 10000, unit: 'milliseconds', fallback: 500}),
    leaseMs: read.number('lease_ms', {min: 100, max: 10000, unit: 'milliseconds', fallback: 600}),
  };
}

/**
 * How the height is known.
 * @typedef {{kind: 'time', upMs: number, downMs: number, mostErrorMm: number}} Travel
 * @typedef {{kind: 'vl53l0x' | 'vl53l1x', offsetMm: number, everyMs: number, bus: number | string, address: number}} Laser
 * @typedef {{kind: 'ultrasonic', offsetMm: number, everyMs: number, trigger: string, echo: string}} Sound
 */

/** @returns {Travel | Laser | Sound} */
function heightOf(read, height, {bus = 1}) {
  if (height === undefined || !heights.includes(height))
    throw expected('height', `one of ${heights.map((name) => `"${name}"`).join(', ')}`, height, relaySettings);
  if (height !== 'ultrasonic') read.refuse(['trigger', 'echo'], `height is "${height}"`);
  if (height !== 'time') read.refuse(['travel_up_s', 'travel_down_s', 'rehome_mm'], `height is "${height}"`);
  if (height === 'time') {
    read.refuse(['address', 'offset_mm', 'tap_ms'], 'height is "time"');
    const seconds = {min: 1, max: 600, unit: 'seconds'};
    return {
      kind: height,
      upMs: read.number('travel_up_s', seconds) * 1000,
      downMs: read.number('travel_down_s', seconds) * 1000,
      mostErrorMm: read.number('rehome_mm', {min: 20, max: 500, unit: 'millimetres', fallback: 100}),
    };
  }
  const offsetMm = read.number('offset_mm', {min: -2000, max: 2000, unit: 'millimetres', fallback: 0});
  const sensor = {kind: height, offsetMm, everyMs: everyMs[height]};
  if (height !== 'ultrasonic')
    return {...sensor, bus, address: read.number('address', {min: 0x08, max: 0x77, fallback: 0x29})};
  read.refuse(['address'], 'height is "ultrasonic"');
  return {...sensor, trigger: read.line('trigger', 'asks the sensor'), echo: read.line('echo', 'hears its answer')};
}

function currentOf(read, {current_address: address, bus = 1}) {
  const others = ['shunt_ohm', 'limit_a', 'limit_ms', 'inrush_ms', 'idle_a', 'rollback_mm', 'rollback_ms'];
  if (address === undefined) {
    read.refuse(others, 'there is no current_address');
    return null;
  }
  const ms = {min: 0, max: 10000, unit: 'milliseconds'};
  const limitA = read.number('limit_a', {min: 0.05, max: 1000, unit: 'amperes'});
  return {
    bus, address: read.number('current_address', {min: 0x40, max: 0x4f}),
    shuntOhm: read.number('shunt_ohm', {min: 0.0001, max: 100, unit: 'ohms', fallback: 0.1}),
    limits: {
      limitA, limitMs: read.number('limit_ms', {...ms, fallback: 150}),
      idleA: read.number('idle_a', {min: 0.001, max: limitA, unit: 'amperes', fallback: limitA / 20}),
      inrushMs: read.number('inrush_ms', {...ms, fallback: 500}), endMs: 150,
    },
    rollback: {
      mm: read.number('rollback_mm', {min: 0, max: 200, unit: 'millimetres', fallback: 20}),
      ms: read.number('rollback_ms', {...ms, fallback: 1500}),
    },
  };
}

function handsOf(read, {hand_up: up, hand_down: down, hand_active_low: activeLow}) {
  if (up === undefined && down === undefined && activeLow !== undefined)
    read.refuse(['hand_active_low'], 'there is neither hand_up nor hand_down');
  const lines = Object.entries({up, down}).filter(([, line]) => line !== undefined);
  return {lines: Object.fromEntries(lines), activeLow: activeLow !== false};
}

// How it behaves, as deskd:desk takes it. A sensor's heights are filtered, and so a little late; what is counted
// needs no guess how far it coasts, and its last millimetres are slow.
function behaviour(height, {minMm, maxMm}) {
  const common = {restMs: 600, startMs: 3000, stallMs: 2500};
  if (height.kind !== 'time') return {...common, speedMmPerS: 15, coastMm: 6, stepToleranceMm: 3};
  const speedMmPerS = Math.max(1, Math.min(200, (maxMm - minMm) * 900 / Math.max(height.upMs, height.downMs)));
  return {...common, speedMmPerS, coastMm: 0, stepToleranceMm: 5, stallMs: 5000};
}

function limitsOf(read, {min_mm: minMm, max_mm: maxMm, presets = {}}) {
  const mm = {min: 200, max: 2500, unit: 'millimetres'};
  const limits = {minMm: read.number('min_mm', mm), maxMm: read.number('max_mm', {...mm, min: 200})};
  if (limits.maxMm - limits.minMm < 20)
    throw expected('max_mm', `at least 20 above min_mm (${minMm})`, maxMm, relaySettings);
  for (const [name, preset] of Object.entries(presets)) {
    if (!(preset >= limits.minMm && preset <= limits.maxMm))
      throw expected(`presets.${name}`, `millimetres from ${minMm} to ${maxMm}`, preset, relaySettings);
  }
  return limits;
}

// Returns what deskSettings does, and {relays, height, current (or null), hands, driver}.
export function relaySettings(settings) {
  const options = deskSettings(settings, {}, kinds);
  const read = new Reader(settings);
  const limits = limitsOf(read, settings);
  const {up, down, ...timing} = relays(read);
  const height = heightOf(read, settings.height, settings);
  const current = currentOf(read, settings);
  if (!('bus' in height) && current === null) read.refuse(['bus'], 'nothing is on it');
  const longestS = height.kind === 'time' ? Math.ceil(Math.max(height.upMs, height.downMs * 1.2) / 1000) + 5 : 10;
  const seconds = {max: 86400, unit: 'seconds'};
  const maxOnS = read.number('max_on_s',
    {min: height.kind === 'time' ? longestS : 0.1, max: 600, unit: 'seconds', fallback: Math.max(30, longestS)});
  const maxOnRestS = read.number('max_on_rest_s', {...seconds, min: 0, fallback: 10});
  return {
    ...options, limits, height, current, hands: handsOf(read, settings),
    relays: {
      up, down, activeLow: settings.active_low === true, maxOnMs: Math.round(maxOnS * 1000),
      restMs: Math.round(maxOnRestS * 1000), ...timing,
    },
    desk: {...behaviour(height, limits), ...options.desk},
    driver: {
      ...limits, ...timing,
      tapMs: read.number('tap_ms', {min: 10, max: 500, unit: 'milliseconds', fallback: 80}),
      duty: {
        onMs: read.number('run_s', {...seconds, min: 0, fallback: 120}) * 1000,
        offMs: read.number('rest_s', {...seconds, min: 0, fallback: 1080}) * 1000,
      },
    },
  };
}
