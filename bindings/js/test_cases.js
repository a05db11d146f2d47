// SPDX-License-Identifier: Apache-2.0
// Test cases: collected, and run one after another.

import {checkFunction, describe} from './errors.js';

const mostMs = 10000;  // of real time; a case that waits for something that never comes must not hang
const {clearTimeout, setTimeout} = globalThis;  // whatever a case puts in their place

export class TestCases {
  #cases = [];

  add(name, fn) {
    if (typeof name !== 'string' || name === '') throw new TypeError(`test: expected a name, found ${describe(name)}`);
    checkFunction(fn, 'test: fn');
    this.#cases.push({name, fn});
  }

  // Resolves with the names of those that failed. `passed(name)` and `failed(name, error)` are told of each,
  // `after()` is called behind it. Cases that a case adds run, too.
  async run({passed, failed, after = () => {}}) {
    const names = [];
    for (const {name, fn} of this.#cases) {
      await new Promise((resolve) => { setTimeout(resolve, 0); });  // each case is a turn of its own
      try {
        await within(fn);
        passed(name);
      } catch (error) {
        names.push(name);
        failed(name, error);
      } finally {
        after();
      }
    }
    return names;
  }

  get count() { return this.#cases.length; }
}

async function within(fn) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not end within ${mostMs} ms`)), mostMs);
  });
  try {
    await Promise.race([Promise.resolve().then(fn), late]);
  } finally {
    clearTimeout(timer);
  }
}
