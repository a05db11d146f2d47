// SPDX-License-Identifier: Apache-2.0
// What an HLK-LD2410 radar reports about ten times a second (its data sheet; esphome/esphome, ld2410):
//
//   F4 F3 F2 F1, length, 02, AA, state, moving cm, its energy, still cm, its energy, detection cm, 55, 00,
//   F8 F7 F6 F5
//
// Length and distances have two bytes, the low one first.
//
// In engineering mode the type is 01 and the energies of all gates follow, before the 55.

export const framing = Object.freeze({
  type: 'length',
  start: [0xf4, 0xf3, 0xf2, 0xf1],
  lengthAt: 4,
  lengthField: 'u16le',
  extra: 10,
  max: 64,
  end: [0xf8, 0xf7, 0xf6, 0xf5],
});

const basic = 0x02;
const engineering = 0x01;
const head = 0xaa;
const tail = 0x55;
const mostEnergy = 100;

// Returns null for what is no whole report, else {moving, still, movingCm, movingEnergy, stillCm,
// stillEnergy, detectCm}; energies are percent.
export function decodeReport(bytes) {
  if (bytes.length < 23 || !framing.start.every((byte, at) => bytes[at] === byte)) return null;
  const length = bytes[4] | bytes[5] << 8;
  if (bytes.length !== length + framing.extra) return null;
  if (!framing.end.every((byte, at) => bytes[bytes.length - 4 + at] === byte)) return null;
  const data = bytes.subarray(6, 6 + length);
  const [type, begin, state] = data;
  if ((type !== basic && type !== engineering) || begin !== head || data[length - 2] !== tail) return null;
  const word = (at) => data[at] | data[at + 1] << 8;
  const [movingEnergy, stillEnergy] = [data[5], data[8]];
  if (state > 3 || movingEnergy > mostEnergy || stillEnergy > mostEnergy) return null;
  return {
    moving: (state & 0x01) !== 0, still: (state & 0x02) !== 0,
    movingCm: word(3), movingEnergy, stillCm: word(6), stillEnergy, detectCm: word(9),
  };
}
