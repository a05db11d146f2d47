// SPDX-License-Identifier: Apache-2.0
// Settings that the desk scripts share, from NAME.toml: checked, and in the form that deskd:desk takes.

const kinds = {
  port: 'string', manufacturer: 'string', model: 'string', area: 'string', min_mm: 'number',
  max_mm: 'number', cover: 'boolean', goto: 'string', presets: 'object', update_ms: 'number',
  offline_stop_ms: 'number', max_moves_per_hour: 'number', speed_mm_per_s: 'number', tolerance_mm: 'number',
};
const others = ['limits', 'device', 'title'];  // read by deskd itself

function check(settings) {
  for (const [key, value] of Object.entries(settings)) {
    if (others.includes(key)) continue;
    if (!Object.hasOwn(kinds, key)) {
      throw new TypeError(`setting ${key}: expected one of ${Object.keys(kinds).join(', ')}`);
    }
    if (typeof value !== kinds[key]) {
      throw new TypeError(`setting ${key}: expected a ${kinds[key]}, found ${JSON.stringify(value)}`);
    }
  }
}

// sit = 720 (millimetres), stand = "slot 2" (stored in the controller)
function toPreset([name, value]) {
  if (typeof value === 'number') return {name, heightMm: value};
  const slot = typeof value === 'string' ? /^slot ([1-4])$/.exec(value) : null;
  if (slot) return {name, slot: Number(slot[1])};
  throw new TypeError(`setting presets.${name}: expected millimetres or "slot 1" to "slot 4", ` +
    `found ${JSON.stringify(value)}`);
}

function withoutUndefined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

// Returns {port, native, device, desk, hub}: native is whether the controller's own goto may be used.
export function deskSettings(settings, defaults = {}) {
  check(settings);
  const all = {goto: 'auto', cover: true, presets: {}, ...defaults, ...settings};
  if (all.goto !== 'auto' && all.goto !== 'step') {
    throw new TypeError(`setting goto: expected "auto" or "step", found ${JSON.stringify(all.goto)}`);
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
