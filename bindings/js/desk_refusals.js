// SPDX-License-Identifier: Apache-2.0
// Why a desk does not begin a move.

import {codedError} from './errors.js';

const hourMs = 3600000;

export class HourlyLimit {
  #most;
  #begun = [];

  constructor(most) { this.#most = most; }

  // Milliseconds until a move may begin, 0 if it may.
  waitMs(now) {
    while (this.#begun.length > 0 && now - this.#begun[0] >= hourMs) this.#begun.shift();
    return this.#most > 0 && this.#begun.length >= this.#most ? this.#begun[0] + hourMs - now : 0;
  }

  count(now) {
    if (this.#most > 0) this.#begun.push(now);
  }
}

export function formatWait(milliseconds) {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

// The reason not to begin, or null.
export function refusal({kind, now, connected, fault, locked, blockedMs, hourly, guard}) {
  if (!connected) return codedError('ERR_DISCONNECTED', 'the desk does not answer');
  if (fault !== null) {
    const wait = fault.until === undefined ? '' : `, ${formatWait(fault.until - now)} left`;
    return codedError('ERR_DESK_FAULT', `fault ${fault.code}: ${fault.text}${wait}`);
  }
  if (locked) return codedError('ERR_DESK_LOCKED', 'the desk is locked');
  if (blockedMs > 0) {
    return codedError('ERR_DESK_OVERRIDE',
      `the desk's own controls are in use or were a moment ago, try again in ${formatWait(blockedMs)}`);
  }
  const waitMs = hourly.waitMs(now);
  if (waitMs > 0) {
    return codedError('ERR_DESK_HOURLY', `no more moves allowed this hour, ${formatWait(waitMs)} left`);
  }
  const reason = guard === undefined ? undefined : guard(kind);
  return typeof reason === 'string' ? codedError('ERR_DESK_GUARD', reason) : null;
}
