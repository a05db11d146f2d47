// SPDX-License-Identifier: Apache-2.0
// Where jobs with a name note their last run, so that a missed one can be told after a restart:
//   get(name)          resolves with what was set, undefined if nothing was
//   set(name, value)   value: an object that JSON can hold; resolves when it is kept

// Lasts as long as the process.
const notes = new Map();

export const memory = {
  async get(name) { return notes.get(name); },
  async set(name, value) { notes.set(name, value); },
};
