// SPDX-License-Identifier: Apache-2.0
// Settings of presence-ld2410.js, checked.

const kinds = {
  port: 'string', baud_rate: 'number', hold_s: 'number', farthest_cm: 'number', update_ms: 'number',
  step_cm: 'number', area: 'string', manufacturer: 'string', model: 'string',
};
const others = ['limits', 'device', 'title'];  // read by deskd itself

function number(settings, name, {min, max, fallback}) {
  const {[name]: value = fallback} = settings;
  if (value >= min && value <= max) return value;
  throw new RangeError(`setting ${name}: expected a number from ${min} to ${max}, found ${value}`);
}

// Returns {port, baudRate, presence, device}.
export function presenceSettings(settings) {
  for (const [key, value] of Object.entries(settings)) {
    if (others.includes(key)) continue;
    if (!Object.hasOwn(kinds, key))
      throw new TypeError(`setting ${key}: expected one of ${Object.keys(kinds).join(', ')}`);
    if (typeof value !== kinds[key])
      throw new TypeError(`setting ${key}: expected a ${kinds[key]}, found ${JSON.stringify(value)}`);
  }
  const {port = '/dev/serial0', manufacturer = 'Hi-Link', model = 'HLK-LD2410', area} = settings;
  return {
    port,
    baudRate: number(settings, 'baud_rate', {min: 9600, max: 460800, fallback: 256000}),
    presence: {
      holdMs: number(settings, 'hold_s', {min: 0, max: 86400, fallback: 30}) * 1000,
      farthestCm: number(settings, 'farthest_cm', {min: 10, max: 1000, fallback: 1000}),
      updateMs: number(settings, 'update_ms', {min: 100, max: 3600000, fallback: 1000}),
      stepCm: number(settings, 'step_cm', {min: 0, max: 1000, fallback: 10}),
    },
    device: {manufacturer, model, ...(area === undefined ? {} : {area})},
  };
}
