// SPDX-License-Identifier: Apache-2.0
// Outputs that move something: with a lease, a longest time, or in an interlock. They belong to the guard.

import {codedError} from './errors.js';

function notSupported(what) {
  return codedError('ERR_NOT_SUPPORTED',
    `${what}: expected a plain output, found one that only a guard may drive, and there is none`);
}

export async function motionOutput() { throw notSupported('lease, maxOn, rest'); }

export async function interlock() { throw notSupported('interlock'); }
