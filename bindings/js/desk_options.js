// SPDX-License-Identifier: Apache-2.0
// Settings of a desk, checked. All have a default but the limits, which a driver may report later.

import {describe, numberOption} from './errors.js';

const ranges = {
  // Lowest and highest height the desk may be sent to.
  minMm: {min: 200, max: 2500, fallback: 600},
  maxMm: {min: 200, max: 2500, fallback: 1300},
  // Slowest speed to expect: bounds the time of a move.
  speedMmPerS: {min: 1, max: 200, fallback: 20},
  // A height that would take more speed than this is believed only when a second one agrees.
  fastestMmPerS: {min: 20, max: 2000, fallback: 80},
  // This near is there.
  toleranceMm: {min: 1, max: 20, fallback: 3},
  // The same, where deskd itself has to stop the desk.
  stepToleranceMm: {min: 1, max: 30, fallback: 8},
  // Shorter moves are refused.
  minTravelMm: {min: 0, max: 100, fallback: 10},
  // First guess of the way after a stop; learned later.
  coastMm: {min: 0, max: 50, fallback: 8},
  // A height that stays this long means rest.
  restMs: {min: 100, max: 5000, fallback: 700},
  // A move that does not begin within this is given up.
  startMs: {min: 200, max: 20000, fallback: 3000},
  // The same for a controller's own goto, before stepping.
  gotoStartMs: {min: 200, max: 20000, fallback: 2000},
  // No progress, or no height, for this long ends a move.
  stallMs: {min: 200, max: 20000, fallback: 3000},
  // Longest wait for rest after a stop.
  settleMs: {min: 200, max: 20000, fallback: 2500},
  // Pause after a person has used the desk's own controls.
  overrideMs: {min: 0, max: 60000, fallback: 2000},
  // Added to one and a half times the expected time.
  marginMs: {min: 0, max: 60000, fallback: 5000},
  // No move lasts longer.
  maxMoveMs: {min: 1000, max: 120000, fallback: 60000},
  // 0: as many as one likes.
  maxMovesPerHour: {min: 0, max: 10000, fallback: 0, integer: true},
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
