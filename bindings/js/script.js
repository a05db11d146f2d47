// SPDX-License-Identifier: Apache-2.0
// deskd:script: what a script knows about itself, its log and its last will.

import * as native from 'native:script';
import {write} from 'native:console';
import {checkFunction, numberOption} from './errors.js';
import {format} from './inspect.js';

function freeze(value) {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const key of Object.keys(value)) freeze(value[key]);
  return value;
}

export const name = native.name;
export const settings = freeze(native.settings);
export const simulated = native.simulated;

export const log = Object.freeze({
  error: (...args) => write(3, format(...args)),
  warning: (...args) => write(4, format(...args)),
  notice: (...args) => write(5, format(...args)),
  info: (...args) => write(6, format(...args)),
  debug: (...args) => write(7, format(...args)),
});

const handlers = [];  // {fn, timeout}, in order of registration

// Runs fn before the script ends, however it ends short of being killed. Returns the function that withdraws
// it.
export function onUnload(fn, {timeout} = {}) {
  checkFunction(fn, 'onUnload');
  const handler = {fn, timeout: numberOption(timeout, 'timeout', {min: 1, max: 60000, fallback: 1000})};
  handlers.push(handler);
  return () => {
    const at = handlers.indexOf(handler);
    if (at >= 0) handlers.splice(at, 1);
  };
}

function runBounded({fn, timeout}) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      write(4, `onUnload: expected the handler to end within ${timeout} ms, it still runs, ignoring`);
      resolve();
    }, timeout);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const failed = (error) => {
      write(3, format('onUnload: the handler failed, ignoring:', error));
      end();
    };
    // In a turn of its own: one that is ended for taking too long ends no other handler with it.
    setTimeout(() => {
      try {
        Promise.resolve(fn()).then(end, failed);
      } catch (error) {
        failed(error);
      }
    }, 0);
  });
}

// Last registered runs first, each within its own time; one that fails or hangs does not keep the others from
// running.
async function unload() {
  while (handlers.length > 0) await runBounded(handlers.pop());
}

native.setUnload(unload);
