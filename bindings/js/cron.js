// SPDX-License-Identifier: Apache-2.0
// deskd:cron: functions that are called at times of the wall clock.

import {write} from 'native:console';
import * as native from 'native:cron';
import {Jobs} from './cron_job.js';
import {memory} from './cron_memory.js';
import {timeOption, whenOptions} from './cron_options.js';
import {numberOption, requireKnown} from './errors.js';

const jobs = new Jobs(native, memory, (text) => write(4, text));

export const schedule = (expression, fn, options) => jobs.schedule(expression, fn, options);

// The next time, or null; with `count` that many in an array. Needs no job.
export function next(expression, options = {}) {
  requireKnown(options, ['after', 'timeZone', 'dst', 'count'], 'next');
  const when = whenOptions(expression, options);
  const after = timeOption(options.after, 'after', Date.now());
  const count = numberOption(options.count, 'count', {min: 1, max: 1000, integer: true});
  const times = native.occurrences(when, after, count ?? 1).map((ms) => new Date(ms));
  return count === undefined ? times[0] ?? null : times;
}
