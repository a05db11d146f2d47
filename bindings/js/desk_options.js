// SPDX-License-Identifier: Apache-2.0
// Settings of a desk, checked. All have a default but the limits, which a driver may report later.

import {describe, numberOption} from './errors.js';

const ranges = {
  minMm: {min: 200, max: 2500, fallback: 600},          // lowest and highest height the desk may be sent to
  maxMm: {min: 200, max: 2500, fallback: 1300},
  speedMmPerS: {min: 1, max: 200, fallback: 20},        // slowest speed to expect: bounds the time of a move
  toleranceMm: {min: 1, max: 20, fallback: 3},          // this near is there
  stepToleranceMm: {min: 1, max: 30, fallback: 8},      // the same, where deskd itself has to stop the desk
  minTravelMm: {min: 0, max: 100, fallback: 10},        // shorter moves are refused
  coastMm: {min: 0, max: 50, fallback: 8},              // first guess of the way after a stop; learned later
  restMs: {min: 100, max: 5000, fallback: 700},         // a height that stays this long means rest
  startMs: {min: 200, max: 20000, fallback: 3000},      // a move that does not begin within this is given up
  gotoStartMs: {min: 200, max: 20000, fallback: 2000},  // the same for a controller's own goto, before stepping
  stallMs: {min: 200, max: 20000, fallback: 3000},      // no progress, or no height, for this long ends a move
  settleMs: {min: 200, max: 20000, fallback: 2500},     // longest wait for rest after a stop
  overrideMs: {min: 0, max: 60000, fallback: 2000},     // pause after a person has used the desk's own controls
  marginMs: {min: 0, max: 60000, fallback: 5000},       // added to one and a half times the expected time
  maxMoveMs: {min: 1000, max: 120000, fallback: 60000}, // no move lasts longer
  maxMovesPerHour: {min: 0, max: 10000, fallback: 0, integer: true},  // 0: as many as one likes
};

export function deskOptions(options = {}) {
  const checked = {guard: options.guard, clock: options.clock};
  for (const key of Object.keys(options)) {
    if (!(key in ranges) && !(key in checked)) {
      throw new TypeError(`desk: expected options out of ${Object.keys(ranges).join(', ')}, guard, clock, ` +
        `found ${describe(key)}`);
    }
  }
  for (const [key, range] of Object.entries(ranges)) checked[key] = numberOption(options[key], key, range);
  requireLimits(checked.minMm, checked.maxMm);
  return checked;
}

export function requireLimits(minMm, maxMm) {
  if (maxMm - minMm >= 20) return;
  throw new RangeError(`maxMm: expected at least 20 mm above minMm (${minMm}), found ${maxMm}`);
}
