// SPDX-License-Identifier: Apache-2.0
// The global console. Priorities are syslog's: 3 error, 4 warning, 6 information, 7 debug.

import * as native from 'native:console';
import {format} from './inspect.js';

const counts = new Map();
const timers = new Map();
const maxLabels = 1000;  // a label computed from data must not grow these for ever
let indent = '';

function print(priority, args) {
  const text = format(...args);
  native.write(priority, indent === '' ? text : indent + text.replaceAll('\n', `\n${indent}`));
}

function remember(map, label, value) {
  if (map.size >= maxLabels && !map.has(label)) map.delete(map.keys().next().value);
  map.set(label, value);
}

function elapsed(label) {
  const begun = timers.get(label);
  return begun === undefined ? undefined : `${label}: ${(performance.now() - begun).toFixed(3)} ms`;
}

export const console = {
  log(...args) { print(6, args); },
  info(...args) { print(6, args); },
  debug(...args) { print(7, args); },
  warn(...args) { print(4, args); },
  error(...args) { print(3, args); },
  dir(value) { print(6, [value]); },

  trace(...args) {
    const holder = {};
    Error.captureStackTrace(holder, console.trace);
    const frames = String(holder.stack).split('\n').slice(1).join('\n');
    print(7, [`${args.length > 0 ? `Trace: ${format(...args)}` : 'Trace'}\n${frames}`]);
  },

  assert(condition, ...args) {
    if (condition) return;
    const [first, ...others] = args;
    if (args.length === 0) print(3, ['Assertion failed']);
    else if (typeof first === 'string') print(3, [`Assertion failed: ${first}`, ...others]);
    else print(3, ['Assertion failed:', ...args]);
  },

  group(...args) {
    if (args.length > 0) print(6, args);
    if (indent.length < 40) indent += '  ';
  },
  groupEnd() { indent = indent.slice(2); },

  count(label = 'default') {
    const key = String(label);
    const count = (counts.get(key) || 0) + 1;
    remember(counts, key, count);
    print(6, ['%s: %d', key, count]);
  },
  countReset(label = 'default') { counts.delete(String(label)); },

  time(label = 'default') { remember(timers, String(label), performance.now()); },
  timeLog(label = 'default', ...args) {
    const text = elapsed(String(label));
    if (text === undefined) print(4, ['%s: no such timer', String(label)]);
    else print(6, ['%s', text, ...args]);
  },
  timeEnd(label = 'default') {
    console.timeLog(label);
    timers.delete(String(label));
  },
};
console.groupCollapsed = console.group;
