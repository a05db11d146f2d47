// SPDX-License-Identifier: Apache-2.0
// Settings of small scripts, from NAME.toml: what may be set is what has a default, and is of its kind.

const others = ['limits', 'device', 'title'];  // read by deskd itself

export function scriptSettings(settings, defaults) {
  const all = {...defaults};
  for (const [key, value] of Object.entries(settings)) {
    if (others.includes(key)) continue;
    if (!Object.hasOwn(defaults, key)) {
      throw new TypeError(`setting ${key}: expected one of ${Object.keys(defaults).join(', ')}`);
    }
    const kind = typeof defaults[key];
    if (typeof value !== kind)
      throw new TypeError(`setting ${key}: expected a ${kind}, found ${JSON.stringify(value)}`);
    all[key] = value;
  }
  return all;
}
