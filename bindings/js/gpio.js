// SPDX-License-Identifier: Apache-2.0
// deskd:gpio

import * as native from 'native:gpio';
import {describe, numberOption, requireKnown} from './errors.js';
import {Input} from './gpio_input.js';
import {toLevels} from './gpio_levels.js';
import {lock} from './gpio_motion.js';
import {guardedLine, motionOutput, Output, plainOutput} from './gpio_output.js';

export {Input, Output};

// What makes an output one that moves something: deskd-guard owns it.
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
  const {names, single} = linesOf(options);
  const {activeLow, drive, bias} = options;
  const wanted = {lines: names, activeLow, drive, bias};
  // Neither has a default: what is safe, only the script's author knows.
  for (const option of ['initial', 'safe'])
    wanted[option] = toLevels(options[option], option, names.length, single);
  const moves = motionOptions.some((name) => options[name] !== undefined);
  const motion = motionOf(options, wanted, single, moves);
  if (moves) return motionOutput(names[0], motion);
  return plainOutput(names, single, motion, (changed) => native.openOutput(wanted, single, changed));
}

// How the guard is to hold the line; null if it cannot, because there are several.
function motionOf(options, {lines: names, initial: [initial], safe: [safe], activeLow, drive, bias}, single, moves) {
  const leaseMs = numberOption(options.lease, 'lease', {min: 20, max: 600000, fallback: 0, integer: true});
  const maxOnMs = numberOption(options.maxOn, 'maxOn', {min: 1, max: 86400000, fallback: 0, integer: true});
  const restMs = numberOption(options.rest, 'rest', {min: 0, max: 86400000, fallback: 0, integer: true});
  if (restMs > 0 && maxOnMs === 0) throw new TypeError('rest: expected maxOn with it, found none');
  if (!single) {
    if (moves) throw new TypeError(`lines: expected one line where it has lease or maxOn, found ${names.length}`);
    return null;
  }
  if (moves && initial !== safe)
    throw new TypeError(`initial: expected ${safe}, as safe, for what moves, found ${initial}`);
  return {line: names[0], safe, activeLow, drive, bias, leaseMs, maxOnMs, restMs};
}

// Of these outputs never more than one is on, and none within `deadTime` milliseconds after another has gone off. They
// are at their safe level when this resolves, and deskd-guard drives them from then on.
export async function interlock(outputs, options) {
  if (!Array.isArray(outputs) || outputs.length < 2 || !outputs.every((one) => one instanceof Output))
    throw new TypeError(`interlock: expected an array of two outputs or more, found ${describe(outputs)}`);
  requireKnown(options, ['deadTime'], 'interlock');
  const deadTime = numberOption(options.deadTime, 'deadTime', {min: 0, max: 60000, integer: true});
  if (deadTime === undefined) throw new TypeError('deadTime: expected milliseconds, found undefined');
  const lines = [];
  for (const output of outputs) lines.push(await guardedLine(output));
  await lock(lines, deadTime);
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
