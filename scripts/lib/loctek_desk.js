// SPDX-License-Identifier: Apache-2.0
// How a LoctekMotion desk behaves, as deskd:desk takes it: measured on an HS01B-1 with a CB38M2A-1
// (lapelotanodobla/FlexiSpot_MitM). What differs from desk to desk is learned, or a setting.

export const loctekDesk = Object.freeze({
  speedMmPerS: 20,
  coastMm: 7,            // with what the display and the questions are late
  stepToleranceMm: 2,    // more than this is tapped
  restMs: 800,           // a tap shows after 300 ms
  startMs: 6000,         // waking included
  stallMs: 3000,
});
