// SPDX-License-Identifier: Apache-2.0
// deskd:gpio

import * as native from 'native:gpio';
import {describe, numberOption, requireKnown} from './errors.js';
import {Input} from './gpio_input.js';
import {toLevels} from './gpio_levels.js';
import {interlock, motionOutput} from './gpio_motion.js';
import {Output} from './gpio_output.js';

export {Input, interlock, Output};

// What makes an output one that moves something: the guard owns it.
const motionOptions = ['lease', 'maxOn', 'rest'];
const outputOptions =
  ['line', 'lines', 'initial', 'safe', 'activeLow', 'drive', 'bias', ...motionOptions];
const inputOptions = ['line', 'bias', 'activeLow', 'edge', 'debounce'];

function toName(value, option) {
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(
    `${option}: expected a name such as "GPIO17" or "gpiochip0:17", found ${describe(value)}`);
}

// The lines by name, in an array; `single` says whether they were given as one.
function linesOf({line, lines}) {
  if ((line === undefined) === (lines === undefined)) {
    throw new TypeError(
      `output: expected either line or lines, found ${line === undefined ? 'neither' : 'both'}`);
  }
  if (line !== undefined) return {names: [toName(line, 'line')], single: true};
  if (!Array.isArray(lines) || lines.length === 0)
    throw new TypeError(`lines: expected an array of names, found ${describe(lines)}`);
  return {names: lines.map((name, index) => toName(name, `lines[${index}]`)), single: false};
}

// Takes a line, or several of one chip that are set together. Rejects with the system's code if it cannot be
// had: EBUSY names who holds it, EACCES says what to do.
export async function output(options) {
  requireKnown(options, outputOptions, 'output');
  if (motionOptions.some((name) => options[name] !== undefined)) return motionOutput(options);
  const {names, single} = linesOf(options);
  const {activeLow, drive, bias} = options;
  const wanted = {lines: names, activeLow, drive, bias};
  // Neither has a default: what is safe, only the script's author knows.
  for (const option of ['initial', 'safe'])
    wanted[option] = toLevels(options[option], option, names.length, single);
  return new Output(names, single, (changed) => native.openOutput(wanted, single, changed));
}

// Takes a line as input.
export async function input(options) {
  requireKnown(options, inputOptions, 'input');
  const {activeLow, bias, edge = 'both', debounce} = options;
  const line = toName(options.line, 'line');
  const milliseconds = numberOption(debounce, 'debounce', {min: 0, max: 10000, fallback: 0});
  const wanted = {line, activeLow, bias, edge, debounceUs: Math.round(milliseconds * 1000)};
  return new Input(line, edge, (callbacks) => native.openInput(wanted, callbacks));
}

// All lines of all chips that can be opened.
export async function lines() {
  return native.lines();
}
