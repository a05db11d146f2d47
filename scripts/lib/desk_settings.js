// SPDX-License-Identifier: Apache-2.0
// Settings that the desk scripts share, from NAME.toml: checked, and in the form that deskd:desk takes.

import {name as script} from 'deskd:script';
import {nearest} from './nearest.js';

// Kinds of settings, as messages name them.
export const text = 'a text in quotes';
export const number = 'a number';
export const flag = 'true or false';
export const numbers = 'a number or a text in quotes';

const kinds = {
  port: text, manufacturer: text, model: text, area: text, min_mm: number, max_mm: number,
  cover: flag, goto: text, presets: 'a table, [presets]', update_ms: number,
  offline_stop_ms: number, max_moves_per_hour: number, speed_mm_per_s: number, tolerance_mm: number,
};
const others = ['device', 'title', 'limits'];  // read by deskd itself

// The mistake is in the file, not in the code that found it: the stack begins with the script.
function mistake(key, what, finder) {
  const error = new TypeError(`${script}.toml: ${key}: ${what}`);
  Error.captureStackTrace(error, finder);
  return error;
}

function kindOf(value) {
  if (typeof value === 'string') return text;
  if (typeof value === 'number') return number;
  if (typeof value === 'boolean') return flag;
  return Array.isArray(value) ? 'an array' : kinds.presets;
}

// finder: the function of the library that a script calls.
export function expected(key, what, value, finder = deskSettings) {
  return mistake(key, `expected ${what}, found ${value === undefined ? 'none' : JSON.stringify(value)}`, finder);
}

function check(settings, known) {
  for (const [key, value] of Object.entries(settings)) {
    if (others.includes(key)) continue;
    if (!Object.hasOwn(known, key)) {
      const names = [...Object.keys(known), ...others];
      const meant = nearest(key, names);
      throw mistake(key, `is no setting, found ${JSON.stringify(value)}; ` +
        (meant ? `did you mean ${meant}?` : `there are ${names.join(', ')}`), deskSettings);
    }
    const kind = kindOf(value);
    const fits = kind === known[key] || (known[key] === numbers && [number, text].includes(kind));
    if (!fits) throw expected(key, known[key], value);
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

// Returns {port, native, limits, device, desk, hub}: native is whether the controller's own goto may be used.
// own: kinds of settings (text, number, flag, numbers) that only one script has, which are checked here and read
// there; null for those of the others that it does not have.
export function deskSettings(settings, defaults = {}, own = {}) {
  const known = Object.entries({...kinds, ...own}).filter(([, kind]) => kind !== null);
  check(settings, Object.fromEntries(known));
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
