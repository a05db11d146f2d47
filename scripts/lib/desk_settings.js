// SPDX-License-Identifier: Apache-2.0
// Settings that the desk scripts share, from NAME.toml: checked, and in the form that deskd:desk takes.

import {name as script} from 'deskd:script';
import {nearest} from './nearest.js';

const text = 'a text in quotes';
const number = 'a number';
const kinds = {
  port: text, manufacturer: text, model: text, area: text, min_mm: number, max_mm: number,
  cover: 'true or false', goto: text, presets: 'a table, [presets]', update_ms: number,
  offline_stop_ms: number, max_moves_per_hour: number, speed_mm_per_s: number, tolerance_mm: number,
};
const others = ['device', 'title', 'limits'];  // read by deskd itself

// The mistake is in the file, not in the code that found it: the stack begins with the script.
function mistake(key, what) {
  const error = new TypeError(`${script}.toml: ${key}: ${what}`);
  Error.captureStackTrace(error, deskSettings);
  return error;
}

function kindOf(value) {
  if (typeof value === 'string') return text;
  if (typeof value === 'number') return number;
  if (typeof value === 'boolean') return kinds.cover;
  return Array.isArray(value) ? 'an array' : kinds.presets;
}

function expected(key, what, value) {
  return mistake(key, `expected ${what}, found ${JSON.stringify(value)}`);
}

function check(settings) {
  for (const [key, value] of Object.entries(settings)) {
    if (others.includes(key)) continue;
    if (!Object.hasOwn(kinds, key)) {
      const known = [...Object.keys(kinds), ...others];
      const meant = nearest(key, known);
      throw mistake(key, `is no setting, found ${JSON.stringify(value)}; ` +
        (meant ? `did you mean ${meant}?` : `there are ${known.join(', ')}`));
    }
    if (kindOf(value) !== kinds[key]) throw expected(key, kinds[key], value);
  }
}

// sit = 720 (millimetres), stand = "slot 2" (stored in the controller)
function toPreset([name, value]) {
  if (typeof value === 'number') return {name, heightMm: value};
  const slot = typeof value === 'string' ? /^slot ([1-4])$/.exec(value) : null;
  if (slot) return {name, slot: Number(slot[1])};
  throw expected(`presets.${name}`, 'millimetres or "slot 1" to "slot 4"', value);
}

function withoutUndefined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

// Returns {port, native, device, desk, hub}: native is whether the controller's own goto may be used.
export function deskSettings(settings, defaults = {}) {
  check(settings);
  const all = {goto: 'auto', cover: true, presets: {}, ...defaults, ...settings};
  if (all.goto !== 'auto' && all.goto !== 'step') {
    throw expected('goto', '"auto" or "step"', all.goto);
  }
  return {
    port: all.port,
    native: all.goto === 'auto',
    limits: withoutUndefined({minMm: all.min_mm, maxMm: all.max_mm}),
    device: withoutUndefined(
      {manufacturer: all.manufacturer, model: all.model, area: all.area}),
    desk: withoutUndefined({
      minMm: all.min_mm, maxMm: all.max_mm, speedMmPerS: all.speed_mm_per_s, toleranceMm: all.tolerance_mm,
      maxMovesPerHour: all.max_moves_per_hour,
    }),
    hub: withoutUndefined({
      cover: all.cover, presets: Object.entries(all.presets).map(toPreset), updateMs: all.update_ms,
      offlineStopMs: all.offline_stop_ms,
    }),
  };
}
