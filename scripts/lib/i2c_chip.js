// SPDX-License-Identifier: Apache-2.0
// What the drivers of I2C chips share.

export {systemClock} from './timers.js';

export function sleep(clock, milliseconds) {
  return new Promise((resolve) => { clock.setTimeout(resolve, milliseconds); });
}

export function chipError(code, message) {
  return Object.assign(new Error(message), {code});
}

const hex = (value) => `0x${value.toString(16).padStart(2, '0')}`;

// Another chip may answer at the same address.
export function requireId(chip, device, found, ...expected) {
  if (expected.includes(found)) return;
  throw chipError('ERR_WRONG_CHIP', `${chip} at ${hex(device.address)}: expected the id ` +
    `${expected.map(hex).join(' or ')}, found ${hex(found)}`);
}

// Asks until `isDone()` resolves with true; rejects with ETIMEDOUT if it does not within `withinMs`.
export async function until(clock, isDone, {everyMs, withinMs, what}) {
  const end = clock.now() + withinMs;
  while (!await isDone()) {
    if (clock.now() >= end)
      throw chipError('ETIMEDOUT', `${what}: expected it within ${withinMs} ms, found it still at work`);
    await sleep(clock, everyMs);
  }
}
