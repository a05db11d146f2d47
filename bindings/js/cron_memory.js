// SPDX-License-Identifier: Apache-2.0
// Where jobs with a name note their last run, so that a missed one can be told after a restart: in the script's
// own store, below a prefix that is deskd's.
//   get(name)          resolves with what was set, undefined if nothing was
//   set(name, value)   value: an object that JSON can hold; resolves when it is kept

import * as native from 'native:storage';
import {Store} from './store.js';

const prefix = 'deskd:cron/';
const store = new Store(native, false);

export const memory = {
  get: (name) => store.get(prefix + name),
  set: (name, value) => store.set(prefix + name, value),
};
