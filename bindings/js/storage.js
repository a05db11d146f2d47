// SPDX-License-Identifier: Apache-2.0
// deskd:storage: what a script remembers over restarts.

import * as native from 'native:storage';
import {Store} from './store.js';

const own = new Store(native, false);
// For what several scripts use together.
export const shared = new Store(native, true);

export const get = (key, fallback) => own.get(key, fallback);
export const set = (key, value) => own.set(key, value);
const remove = (key) => own.delete(key);
export {remove as delete};
export const keys = (prefix) => own.keys(prefix);
export const transaction = (fn) => own.transaction(fn);
export const flush = () => own.flush();
