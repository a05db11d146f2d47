// SPDX-License-Identifier: Apache-2.0
import {decodeReport} from '../../scripts/lib/ld2410_frames.js';

import {assert, run, test} from './harness.js';
import vectors from '../vectors/presence_ld2410.json' with {type : 'json'};

const toBytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => Number.parseInt(pair, 16));
const {hex: known} = vectors[0];

test('every vector decodes as labelled', () => {
  assert.equal(vectors.length, 2);
  for (const {hex, meaning} of vectors) {
    const report = decodeReport(toBytes(hex));
    assert.equal(report, {
      moving: meaning.moving, still: meaning.still, movingCm: meaning.moving_cm,
      movingEnergy: meaning.moving_energy, stillCm: meaning.still_cm, stillEnergy: meaning.still_energy,
      detectCm: meaning.detect_cm,
    }, hex);
  }
});

test('distances have their low byte first, and both may be there', () => {
  const bytes = toBytes(known);
  bytes.set([0x03, 0x2c, 0x01, 0x20, 0x90, 0x01, 0x10, 0x2c, 0x01], 8);
  assert.equal(decodeReport(bytes), {
    moving: true, still: true, movingCm: 300, movingEnergy: 32, stillCm: 400, stillEnergy: 16, detectCm: 300,
  });
});

test('reports of engineering mode are understood', () => {
  const data = [0x01, 0xaa, 0x03, 0x1e, 0x00, 0x3c, 0x00, 0x00, 0x39, 0x00, 0x00, 0x08, 0x08,
    ...new Array(18).fill(7), 0x03, 0x05, 0x55, 0x00];
  const bytes = Uint8Array.from([0xf4, 0xf3, 0xf2, 0xf1, data.length, 0, ...data, 0xf8, 0xf7, 0xf6, 0xf5]);
  const {moving, movingCm, movingEnergy} = decodeReport(bytes);
  assert.equal([moving, movingCm, movingEnergy], [true, 30, 60]);
});

test('what is no report is none', () => {
  const broken = (at, byte) => {
    const bytes = toBytes(known);
    bytes[at] = byte;
    return bytes;
  };
  for (const bytes of [new Uint8Array(0), toBytes(known).subarray(1), toBytes(known).subarray(0, 22),
    broken(0, 0xf5), broken(4, 0x0c), broken(6, 0x03), broken(7, 0xab), broken(8, 0x04), broken(17, 0x54),
    broken(11, 101), broken(22, 0xf6)]) assert.equal(decodeReport(bytes), null);
});

await run();
