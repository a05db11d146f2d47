// SPDX-License-Identifier: Apache-2.0
// What a test's script does in step with the test: see Script in guest.py.

import {settings} from 'deskd:script';
import * as serial from 'deskd:serial';

const control = await serial.open({path: settings.control, framing: {type: 'delimiter', bytes: [10]}});

// Gives the test a value.
export function tell(value) {
  console.log(`tell ${JSON.stringify(value)}`);
}

// Gives the test a value, and waits until it wants the script to go on. Returns what the test says.
export async function step(value) {
  const answer = control.once('frame');
  tell(value);
  return JSON.parse(new TextDecoder().decode(await answer));
}

// An error as a test compares it.
export function failure(error) {
  return {code: error.code ?? error.name, message: error.message};
}

// What the promise rejects with.
export async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return failure(error);
  }
  return null;
}

// The script ends once nothing else keeps it.
export function finish() {
  control.close();
}
